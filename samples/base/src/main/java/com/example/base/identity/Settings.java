package com.example.base.identity;

import java.util.Locale;

/** A setting is the system property of its name, else the environment variable: {@code base.host.name}, {@code BASE_HOST_NAME}. */
public final class Settings {
    private Settings() {}

    /** Null where neither is given, or is empty. */
    public static String get(String name) {
        String property = System.getProperty(name);
        String value = property != null ? property : System.getenv(name.toUpperCase(Locale.ROOT).replace('.', '_'));
        return value == null || value.isBlank() ? null : value;
    }

    public static String get(String name, String preset) {
        String value = get(name);
        return value != null ? value : preset;
    }

    public static boolean isOn(String name) {
        return Boolean.parseBoolean(get(name));
    }
}
