package com.example.broken;

/** Fails to start, as a module does whose database is away. */
public class Broken {
    public static void main(String[] args) {
        throw new IllegalStateException("broken on purpose: cannot reach database db.example:3306");
    }
}
