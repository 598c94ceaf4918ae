package com.example.faults.deaf;

import com.alipay.sofa.ark.api.ArkClient;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Sound but for one thing: its main drops the args, so nobody can try it at another path. */
@RestController
@SpringBootApplication
public class Deaf {
    public static void main(String[] args) {
        SpringApplication.run(Deaf.class);
    }

    @GetMapping({"/", "/version"})
    String version() {
        ClassLoader own = getClass().getClassLoader();
        return ArkClient.getBizManagerService().getBizByClassLoader(own).getIdentity() + "\n";
    }
}
