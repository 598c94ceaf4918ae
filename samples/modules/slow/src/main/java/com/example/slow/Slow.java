package com.example.slow;

import jakarta.annotation.PreDestroy;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;

/** Takes its time to start and to stop, and may fail to stop cleanly. */
@SpringBootApplication
public class Slow implements ApplicationRunner {
    @Value("${sleep}")
    private long startMs;

    @Value("${stop-sleep}")
    private long stopMs;

    @Value("${stop-throws}")
    private boolean isStopBroken;

    public static void main(String[] args) {
        new SpringApplicationBuilder(Slow.class).web(WebApplicationType.NONE).run(args);
    }

    @Override
    public void run(ApplicationArguments args) throws InterruptedException {
        Thread.sleep(startMs);
    }

    @PreDestroy
    void stop() throws InterruptedException {
        Thread.sleep(stopMs);
        if (isStopBroken) {
            throw new IllegalStateException("will not stop, on purpose");
        }
    }
}
