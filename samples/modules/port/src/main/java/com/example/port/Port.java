package com.example.port;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.annotation.Bean;

/** Listens on a port of its own, given by {@code --port=…}: a second version beside it finds that port taken. */
@SpringBootApplication
public class Port {
    public static void main(String[] args) {
        new SpringApplicationBuilder(Port.class).web(WebApplicationType.NONE).run(args);
    }

    /** Closed when the module is uninstalled. */
    @Bean
    ServerSocket listener(@Value("${port}") int port) throws IOException {
        return new ServerSocket(port, 1, InetAddress.getLoopbackAddress());
    }
}
