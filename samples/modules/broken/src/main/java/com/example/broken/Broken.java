package com.example.broken;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/** Fails to start, as a module does whose database is away. */
public class Broken {
    public static void main(String[] args) throws IOException {
        try (InputStream reason = Broken.class.getResourceAsStream("/reason.txt")) {
            throw new IllegalStateException("broken on purpose: " + new String(reason.readAllBytes(), StandardCharsets.UTF_8));
        }
    }
}
