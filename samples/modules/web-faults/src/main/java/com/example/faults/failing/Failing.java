package com.example.faults.failing;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;

/** Fails for its own sake, after its web context is there: a bean cannot do without what is away. */
@SpringBootApplication
public class Failing {
    public static void main(String[] args) {
        SpringApplication.run(Failing.class, args);
    }

    @Bean
    Object orders() {
        throw new IllegalStateException("no table ORDERS in the database");
    }
}
