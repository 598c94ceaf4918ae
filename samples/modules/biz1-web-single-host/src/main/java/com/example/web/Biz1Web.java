package com.example.web;

import com.alipay.sofa.ark.api.ArkClient;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Answers {@code /biz1} and {@code /biz1/version} with its name and version. */
@RestController
@SpringBootApplication
public class Biz1Web {
    /** The args are handed on: by them the module controller tries a new version at a path of its own. */
    public static void main(String[] args) {
        SpringApplication.run(Biz1Web.class, args);
    }

    @GetMapping({"/", "/version"})
    String version() {
        ClassLoader own = getClass().getClassLoader();
        return ArkClient.getBizManagerService().getBizByClassLoader(own).getIdentity() + "\n";
    }
}
