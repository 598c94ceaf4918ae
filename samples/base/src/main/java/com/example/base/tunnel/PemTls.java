package com.example.base.tunnel;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;

/** TLS from PEM files: a CA, and a client certificate with its key where the broker asks for one. */
final class PemTls {
    private static final Pattern KEY =
            Pattern.compile("-----BEGIN ((?:RSA |EC )?PRIVATE KEY)-----([^-]+)-----END", Pattern.DOTALL);
    private static final char[] NO_PASSWORD = {};
    /** Version 0, then the algorithm identifier of RSA. */
    private static final byte[] RSA_HEAD = {
        2, 1, 0, 0x30, 13, 6, 9, 0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 13, 1, 1, 1, 5, 0
    };
    private static final int OCTET_STRING = 4;
    private static final int SEQUENCE = 0x30;

    private PemTls() {}

    static SSLSocketFactory socketFactory(Path ca, Path certificate, Path key) {
        try {
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trustStore(ca));
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(certificate == null ? null : keyManagers(certificate, key), trust.getTrustManagers(), null);
            return context.getSocketFactory();
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException("TLS to the broker: " + e.getMessage(), e);
        }
    }

    private static KeyStore trustStore(Path ca) throws GeneralSecurityException, IOException {
        KeyStore store = emptyStore();
        for (Certificate one : certificates(ca)) {
            store.setCertificateEntry("ca-" + store.size(), one);
        }
        return store;
    }

    private static KeyManager[] keyManagers(Path certificate, Path key) throws GeneralSecurityException, IOException {
        KeyStore store = emptyStore();
        store.setKeyEntry("client", privateKey(key), NO_PASSWORD, certificates(certificate).toArray(Certificate[]::new));
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, NO_PASSWORD);
        return keys.getKeyManagers();
    }

    private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }

    private static Collection<? extends Certificate> certificates(Path file) throws GeneralSecurityException, IOException {
        return CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(Files.readAllBytes(file)));
    }

    private static PrivateKey privateKey(Path file) throws GeneralSecurityException, IOException {
        if (file == null) {
            throw new GeneralSecurityException("koupleless.arklet.mqtt.client_key_path is not set");
        }
        Matcher pem = KEY.matcher(Files.readString(file, StandardCharsets.US_ASCII));
        if (!pem.find() || pem.group(1).startsWith("EC")) {
            throw new GeneralSecurityException(file + " holds neither a PKCS#1 nor a PKCS#8 private key");
        }
        byte[] encoded = Base64.getMimeDecoder().decode(pem.group(2));
        boolean isPkcs1 = pem.group(1).startsWith("RSA");
        return decode(isPkcs1 ? wrapped(encoded) : encoded);
    }

    private static PrivateKey decode(byte[] pkcs8) throws GeneralSecurityException {
        PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(pkcs8);
        try {
            return KeyFactory.getInstance("RSA").generatePrivate(spec);
        } catch (InvalidKeySpecException e) {
            return KeyFactory.getInstance("EC").generatePrivate(spec);
        }
    }

    /** The JDK reads PKCS#8 alone: a PKCS#1 key is what stands within one. */
    private static byte[] wrapped(byte[] pkcs1) throws IOException {
        ByteArrayOutputStream inner = new ByteArrayOutputStream();
        inner.write(RSA_HEAD);
        inner.write(tagged(OCTET_STRING, pkcs1));
        return tagged(SEQUENCE, inner.toByteArray());
    }

    /** DER: tag, length in as many bytes as it takes, content. */
    private static byte[] tagged(int tag, byte[] content) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(tag);
        if (content.length < 0x80) {
            out.write(content.length);
        } else {
            out.write(0x82);
            out.write(content.length >> 8);
            out.write(content.length & 0xff);
        }
        out.write(content);
        return out.toByteArray();
    }
}
