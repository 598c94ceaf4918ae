package com.example.base;

import com.alipay.sofa.koupleless.arklet.core.api.ApiClient;
import com.alipay.sofa.koupleless.arklet.core.api.tunnel.Tunnel;
import com.example.base.identity.BaseIdentity;
import com.example.base.identity.IdentityHook;
import com.example.base.tunnel.MqttTunnel;
import java.util.List;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.event.ApplicationPreparedEvent;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.context.ApplicationListener;

/** A Koupleless base: it loads, runs and unloads modules as the module controller tells it over MQTT. */
@SpringBootApplication
public class Base {
    public static void main(String[] args) {
        presetSofaArk();
        BaseIdentity identity = BaseIdentity.fromSettings();
        replaceTunnels(new MqttTunnel(identity));
        SpringApplication base = new SpringApplication(Base.class);
        base.addListeners(keepLogging());
        base.run(args);
    }

    /**
     * Modules share the base's Logback. Each would set it up anew when it starts, and two that do so at once fail or hang:
     * once the base has set it up they are to leave it alone.
     */
    private static ApplicationListener<ApplicationPreparedEvent> keepLogging() {
        return prepared -> System.setProperty(LoggingSystem.SYSTEM_PROPERTY, LoggingSystem.NONE);
    }

    /** SOFAArk and Arklet read system properties, never Spring's; what is given on the command line stands. */
    private static void presetSofaArk() {
        // A new version takes over the moment it is up, so that a rolling update loses no request.
        preset("activate.new.module", "true");
        // Its telnet console would listen on every interface, and asks for no password.
        preset("sofa.ark.telnet.server.enable", "false");
        // Their logs would go to the home folder, which a container may not write.
        preset("logging.path", System.getProperty("java.io.tmpdir") + "/koupleless-logs");
        preset("koupleless.arklet.custom.base.metadata.classname", IdentityHook.class.getName());
    }

    private static void preset(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }

    /** Arklet's own HTTP tunnel listens on every interface and obeys whoever reaches it: it gives way. */
    private static void replaceTunnels(Tunnel tunnel) {
        List<Tunnel> startedByArklet = new ApiClient().getTunnels();
        startedByArklet.clear();
        startedByArklet.add(tunnel);
    }
}
