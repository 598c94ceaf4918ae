package com.example.biz2;

import com.alipay.sofa.ark.api.ArkClient;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.web.HttpRequestHandler;

/** Answers {@code /biz2} with its name and version. */
@SpringBootApplication
public class Biz2 implements HttpRequestHandler {
    /** The base has the web server: it hands requests to the module's {@link HttpRequestHandler}. */
    public static void main(String[] args) {
        new SpringApplicationBuilder(Biz2.class).web(WebApplicationType.NONE).run(args);
    }

    @Override
    public void handleRequest(HttpServletRequest request, HttpServletResponse response) throws IOException {
        ClassLoader own = Biz2.class.getClassLoader();
        response.setContentType("text/plain");
        response.getWriter().println(ArkClient.getBizManagerService().getBizByClassLoader(own).getIdentity());
    }
}
