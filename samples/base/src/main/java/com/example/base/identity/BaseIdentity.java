package com.example.base.identity;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Who this base says it is.
 *
 * @param identity one of a kind among all bases of an env: two that share one throw each other off the broker. In
 *     Kubernetes, the name of the Pod
 * @param ip where its modules are reached; becomes the address of the module Pods
 */
public record BaseIdentity(
        String env, String identity, String name, String version, String cluster, String ip, String hostName) {
    /** It becomes part of MQTT topics, where these have a meaning. */
    private static final Pattern UNFIT = Pattern.compile("[/+#\\s]");

    public BaseIdentity {
        if (UNFIT.matcher(identity).find()) {
            throw new IllegalArgumentException("base.identity may have no / + # nor spaces: " + identity);
        }
    }

    public static BaseIdentity fromSettings() {
        InetAddress local = localAddress();
        String hostName = Settings.get("base.host.name", local.getHostName());
        String name = Settings.get("base.name", "base");
        return new BaseIdentity(
                Settings.get("base.env", "dev").toLowerCase(Locale.ROOT),
                Settings.get("base.identity", hostName),
                name,
                Settings.get("base.version", "1.1.1"),
                Settings.get("base.cluster", name),
                Settings.get("base.ip", local.getHostAddress()),
                hostName);
    }

    /** The root of all its topics. */
    public String topic() {
        return "koupleless_" + env + "/" + identity;
    }

    public Map<String, Object> metadata() {
        return new TreeMap<>(Map.of("clusterName", cluster, "identity", identity, "name", name, "version", version));
    }

    private static InetAddress localAddress() {
        try {
            return InetAddress.getLocalHost();
        } catch (UnknownHostException e) {
            return InetAddress.getLoopbackAddress();
        }
    }
}
