package org.lacuna.zoo.maven;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import org.apache.maven.settings.Mirror;
import org.apache.maven.settings.Proxy;
import org.apache.maven.settings.Server;
import org.apache.maven.settings.Settings;
import org.apache.maven.settings.building.DefaultSettingsBuilderFactory;
import org.apache.maven.settings.building.DefaultSettingsBuildingRequest;
import org.apache.maven.settings.building.SettingsBuildingException;
import org.apache.maven.settings.crypto.DefaultSettingsDecrypter;
import org.apache.maven.settings.crypto.DefaultSettingsDecryptionRequest;
import org.apache.maven.settings.crypto.SettingsDecryptionResult;
import org.eclipse.aether.DefaultRepositorySystemSession;
import org.eclipse.aether.util.repository.AuthenticationBuilder;
import org.eclipse.aether.util.repository.DefaultAuthenticationSelector;
import org.eclipse.aether.util.repository.DefaultMirrorSelector;
import org.eclipse.aether.util.repository.DefaultProxySelector;
import org.lacuna.run.InputException;
import org.sonatype.plexus.components.cipher.DefaultPlexusCipher;
import org.sonatype.plexus.components.sec.dispatcher.DefaultSecDispatcher;

/**
 * Maven's {@code settings.xml}: who one is at which repository, mirrors, proxies. Environment variables in it ({@code ${env.TOKEN}}) are put in,
 * passwords in braces are decrypted by the {@code settings-security.xml} beside it.
 */
final class MavenSettings {
    private final Path file;
    private final Settings settings;

    private MavenSettings(Path file, Settings settings) {
        this.file = file;
        this.settings = settings;
    }

    /** Maven's folder of this user. */
    static Path home() {
        return Path.of(System.getProperty("user.home"), ".m2");
    }

    /** Reads the user's own, which may be missing. */
    static MavenSettings ofUser() {
        Path file = home().resolve("settings.xml");
        return Files.exists(file) ? read(file) : new MavenSettings(file, new Settings());
    }

    static MavenSettings read(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new InputException(file + ": no such file; expected Maven's settings.xml");
        }
        Properties system = new Properties();
        system.putAll(System.getProperties());
        for (Map.Entry<String, String> variable : System.getenv().entrySet()) {
            system.put("env." + variable.getKey(), variable.getValue());
        }
        try {
            Settings settings = new DefaultSettingsBuilderFactory().newInstance()
                    .build(new DefaultSettingsBuildingRequest().setUserSettingsFile(file.toFile()).setSystemProperties(system))
                    .getEffectiveSettings();
            return new MavenSettings(file, settings);
        } catch (SettingsBuildingException e) {
            throw new InputException(e.getProblems().stream().map(problem -> file + ": " + problem.getMessage()).toList());
        }
    }

    Path localRepository() {
        return settings.getLocalRepository() == null ? home().resolve("repository") : Path.of(settings.getLocalRepository());
    }

    void applyTo(DefaultRepositorySystemSession session) {
        SettingsDecryptionResult decrypted = decrypt();
        DefaultAuthenticationSelector authentication = new DefaultAuthenticationSelector();
        for (Server server : decrypted.getServers()) {
            authentication.add(server.getId(), new AuthenticationBuilder().addUsername(server.getUsername()).addPassword(server.getPassword())
                    .addPrivateKey(server.getPrivateKey(), server.getPassphrase()).build());
        }
        session.setAuthenticationSelector(authentication);
        DefaultMirrorSelector mirrors = new DefaultMirrorSelector();
        for (Mirror mirror : settings.getMirrors()) {
            mirrors.add(mirror.getId(), mirror.getUrl(), mirror.getLayout(), false, mirror.isBlocked(), mirror.getMirrorOf(),
                    mirror.getMirrorOfLayouts());
        }
        session.setMirrorSelector(mirrors);
        DefaultProxySelector proxies = new DefaultProxySelector();
        for (Proxy proxy : decrypted.getProxies()) {
            if (proxy.isActive()) {
                proxies.add(new org.eclipse.aether.repository.Proxy(proxy.getProtocol(), proxy.getHost(), proxy.getPort(),
                        new AuthenticationBuilder().addUsername(proxy.getUsername()).addPassword(proxy.getPassword()).build()),
                                proxy.getNonProxyHosts());
            }
        }
        session.setProxySelector(proxies);
        session.setOffline(session.isOffline() || settings.isOffline());
    }

    /** Whether it knows who one is at a repository. */
    boolean knows(String id) {
        return settings.getServer(id) != null;
    }

    Path file() {
        return file;
    }

    private SettingsDecryptionResult decrypt() {
        DefaultSecDispatcher dispatcher = new DefaultSecDispatcher(new DefaultPlexusCipher(), Map.of(),
                file.toAbsolutePath().resolveSibling("settings-security.xml").toString());
        SettingsDecryptionResult result = new DefaultSettingsDecrypter(dispatcher).decrypt(new DefaultSettingsDecryptionRequest(settings));
        if (!result.getProblems().isEmpty()) {
            throw new InputException(result.getProblems().stream().map(problem -> file + ": " + problem.getMessage()).toList());
        }
        return result;
    }
}
