package com.example.base.tunnel;

import com.example.base.identity.Settings;
import java.nio.file.Path;
import org.eclipse.paho.client.mqttv3.MqttConnectOptions;

/** How the broker is reached, under the names of the published tunnel. */
final class BrokerOptions {
    private static final int KEEP_ALIVE_SECONDS = 60;
    private static final int IN_FLIGHT_MAX = 1_000;

    private BrokerOptions() {}

    static String uri() {
        boolean isTls = option("ca_path") != null;
        return (isTls ? "ssl://" : "tcp://") + option("broker", "127.0.0.1") + ":" + option("port", isTls ? "8883" : "1883");
    }

    /** @throws IllegalStateException naming the file that cannot be read */
    static MqttConnectOptions fromSettings() {
        MqttConnectOptions options = new MqttConnectOptions();
        options.setMqttVersion(MqttConnectOptions.MQTT_VERSION_3_1_1);
        options.setCleanSession(true);
        options.setKeepAliveInterval(KEEP_ALIVE_SECONDS);
        options.setAutomaticReconnect(true);
        options.setMaxInflight(IN_FLIGHT_MAX);
        options.setUserName(option("username", "base"));
        options.setPassword(option("password", "").toCharArray());
        if (option("ca_path") != null) {
            options.setSocketFactory(PemTls.socketFactory(path("ca_path"), path("client_crt_path"), path("client_key_path")));
            options.setHttpsHostnameVerificationEnabled(true);
        }
        return options;
    }

    private static Path path(String key) {
        String value = option(key);
        return value == null ? null : Path.of(value);
    }

    private static String option(String key) {
        return Settings.get("koupleless.arklet.mqtt." + key);
    }

    private static String option(String key, String preset) {
        return Settings.get("koupleless.arklet.mqtt." + key, preset);
    }
}
