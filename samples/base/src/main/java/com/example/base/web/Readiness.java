package com.example.base.web;

import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** For the readiness probe. The broker has no say in it: a base that lost the control plane serves on. */
@RestController
class Readiness {
    private final ApplicationAvailability availability;

    Readiness(ApplicationAvailability availability) {
        this.availability = availability;
    }

    @GetMapping("/readyz")
    ResponseEntity<String> ready() {
        boolean isReady = availability.getReadinessState() == ReadinessState.ACCEPTING_TRAFFIC;
        return ResponseEntity.status(isReady ? HttpStatus.OK : HttpStatus.SERVICE_UNAVAILABLE)
                .body(isReady ? "ok\n" : "not ready\n");
    }
}
