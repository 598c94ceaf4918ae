package com.example.biz1;

import com.alipay.sofa.ark.api.ArkClient;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.web.HttpRequestHandler;

/** Answers {@code /biz1} with its name and version. */
@SpringBootApplication
public class Biz1 implements HttpRequestHandler {
    /** The base has the web server: it hands requests to the module's {@link HttpRequestHandler}. */
    public static void main(String[] args) {
        new SpringApplicationBuilder(Biz1.class).web(WebApplicationType.NONE).run(args);
    }

    @Override
    public void handleRequest(HttpServletRequest request, HttpServletResponse response) throws IOException {
        ClassLoader own = Biz1.class.getClassLoader();
        response.setContentType("text/plain");
        response.getWriter().println(ArkClient.getBizManagerService().getBizByClassLoader(own).getIdentity());
    }
}
