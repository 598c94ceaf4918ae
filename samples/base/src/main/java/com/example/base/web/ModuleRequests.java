package com.example.base.web;

import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.web.HttpRequestHandler;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** Hands {@code /<module>/…} to the {@link HttpRequestHandler} of the module's active version. */
@RestController
class ModuleRequests {
    private final ActiveModules modules;

    ModuleRequests(ActiveModules modules) {
        this.modules = modules;
    }

    @RequestMapping("/{module}/**")
    void serve(@PathVariable("module") String module, HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        HttpRequestHandler handler = modules.find(module, HttpRequestHandler.class).orElse(null);
        if (handler == null) {
            response.sendError(HttpServletResponse.SC_SERVICE_UNAVAILABLE, "no active module " + module);
            return;
        }
        // A module may look for its own resources by it.
        Thread thread = Thread.currentThread();
        ClassLoader former = thread.getContextClassLoader();
        thread.setContextClassLoader(handler.getClass().getClassLoader());
        try {
            handler.handleRequest(request, response);
        } finally {
            thread.setContextClassLoader(former);
        }
    }
}
