package com.example.base.tunnel;

import com.alipay.sofa.koupleless.arklet.core.api.tunnel.Tunnel;
import com.alipay.sofa.koupleless.arklet.core.command.CommandService;
import com.alipay.sofa.koupleless.arklet.core.hook.base.BaseMetadataHook;
import com.example.base.identity.BaseIdentity;
import com.example.base.identity.Settings;
import java.util.TreeMap;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.eclipse.paho.client.mqttv3.IMqttDeliveryToken;
import org.eclipse.paho.client.mqttv3.MqttAsyncClient;
import org.eclipse.paho.client.mqttv3.MqttCallbackExtended;
import org.eclipse.paho.client.mqttv3.MqttConnectOptions;
import org.eclipse.paho.client.mqttv3.MqttException;
import org.eclipse.paho.client.mqttv3.MqttMessage;
import org.eclipse.paho.client.mqttv3.persist.MemoryPersistence;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The base's end of Arklet over MQTT: says who it is, beats, carries out commands and answers them. */
public class MqttTunnel implements Tunnel, MqttCallbackExtended {
    private static final Logger LOG = LoggerFactory.getLogger(MqttTunnel.class);
    private static final int AT_LEAST_ONCE = 1;
    private static final long WAIT_MS = 30_000;
    private static final long BEAT_EVERY_MS = 10_000;
    private static final long TRY_AGAIN_AFTER_MS = 2_000;

    private final BaseIdentity identity;
    /** As the published tunnel has it: more than five run only while a hundred wait. */
    private final ThreadPoolExecutor workers =
            new ThreadPoolExecutor(5, 10, 60, TimeUnit.SECONDS, new ArrayBlockingQueue<>(100));
    /** Nothing of this protocol may block a thread of the MQTT client. */
    private final ScheduledExecutorService clock = Executors.newScheduledThreadPool(2);
    private Commands commands;
    private MqttAsyncClient client;
    private boolean hasGreeted;

    public MqttTunnel(BaseIdentity identity) {
        this.identity = identity;
    }

    @Override
    public void init(CommandService service, BaseMetadataHook hook) {
        service.registerCommandHandler(new BatchInstallHandler());
        commands = new Commands(service);
    }

    /** Does not wait: a base serves what it was shipped with while its broker is away, and finds it when it comes. */
    @Override
    public void run() {
        try {
            String clientId = Settings.get("koupleless.arklet.mqtt.client.prefix", "koupleless") + "@@@" + identity.identity();
            client = new MqttAsyncClient(BrokerOptions.uri(), clientId, new MemoryPersistence());
            client.setCallback(this);
            MqttConnectOptions options = BrokerOptions.fromSettings();
            clock.execute(() -> connect(options));
        } catch (MqttException e) {
            throw new IllegalStateException("MQTT: " + e.getMessage(), e);
        }
    }

    /** The client reconnects by itself, but only where it was connected once. */
    private void connect(MqttConnectOptions options) {
        try {
            client.connect(options).waitForCompletion(WAIT_MS);
        } catch (MqttException e) {
            LOG.warn("no broker at {} ({}), trying again in {} ms", BrokerOptions.uri(), causeOf(e), TRY_AGAIN_AFTER_MS);
            clock.schedule(() -> connect(options), TRY_AGAIN_AFTER_MS, TimeUnit.MILLISECONDS);
        }
    }

    private static String causeOf(MqttException e) {
        return String.valueOf(e.getCause() != null ? e.getCause().getMessage() : e.getMessage());
    }

    @Override
    public void connectComplete(boolean isReconnect, String uri) {
        LOG.info("connected to {} as {}", uri, identity.identity());
        clock.execute(this::greet);
    }

    /** Sessions are clean, so each connection subscribes anew. It greets and begins to beat once in its life. */
    private synchronized void greet() {
        try {
            String[] topics = {identity.topic() + "/+", identity.topic() + "/base/baseline"};
            client.subscribe(topics, new int[] {AT_LEAST_ONCE, AT_LEAST_ONCE}).waitForCompletion(WAIT_MS);
            if (hasGreeted) {
                return;
            }
            hasGreeted = true;
            publish("queryBaseline", identity.metadata());
            clock.scheduleAtFixedRate(this::beat, 0, BEAT_EVERY_MS, TimeUnit.MILLISECONDS);
        } catch (MqttException | IllegalStateException e) {
            LOG.warn("could not greet", e);
        }
    }

    /** {@code base.heart.frail}: the first beat that fails is the last, as with the published tunnel. */
    private void beat() {
        TreeMap<String, Object> heart = new TreeMap<>();
        heart.put("baseMetadata", identity.metadata());
        heart.put("localHostName", identity.hostName());
        heart.put("localIP", identity.ip());
        heart.put("port", 0);
        heart.put("state", "activated");
        try {
            publish("heart", heart);
        } catch (IllegalStateException e) {
            if (Settings.isOn("base.heart.frail")) {
                throw e;
            }
            LOG.warn("a beat was lost: {}", e.getMessage());
        }
    }

    private void publish(String what, Object data) {
        try {
            String topic = identity.topic() + "/base/" + what;
            client.publish(topic, Frames.encode(data), AT_LEAST_ONCE, false).waitForCompletion(WAIT_MS);
        } catch (MqttException e) {
            throw new IllegalStateException(what + " was not published: " + e.getMessage(), e);
        }
    }

    @Override
    public void messageArrived(String topic, MqttMessage message) {
        String verb = topic.substring(topic.lastIndexOf('/') + 1);
        byte[] payload = message.getPayload();
        try {
            workers.execute(() -> obey(verb, payload));
        } catch (RejectedExecutionException e) {
            LOG.warn("{} refused: too many commands wait", verb);
        }
    }

    private void obey(String verb, byte[] payload) {
        try {
            Commands.Answer answer = commands.carryOut(verb, payload);
            publish(answer.what(), answer.data());
        } catch (Exception e) {
            LOG.warn("no answer to {}: {}", verb, e.toString());
        }
    }

    @Override
    public void connectionLost(Throwable cause) {
        LOG.warn("connection to the broker lost: {}", cause.getMessage());
    }

    @Override
    public void deliveryComplete(IMqttDeliveryToken token) {
        // publish() waits for it
    }

    @Override
    public void shutdown() {
        clock.shutdownNow();
        workers.shutdownNow();
        try {
            if (client != null) {
                client.disconnectForcibly(0, 100, false);
                client.close(true);
            }
        } catch (MqttException e) {
            LOG.debug("the connection was gone already", e);
        }
    }
}
