package org.lacuna.zoo.maven;

import java.util.Map;
import org.eclipse.aether.spi.connector.transport.TransporterFactory;
import org.eclipse.aether.spi.connector.transport.TransporterProvider;
import org.eclipse.aether.supplier.RepositorySystemSupplier;

/** Maven Resolver with {@link ResumingTransporter} in front of what it downloads by; what is not complete stays in the local repository's folder. */
final class ResumingSystem extends RepositorySystemSupplier {
    private static final String PARTS = ".parts";

    @Override
    protected TransporterProvider getTransporterProvider(Map<String, TransporterFactory> factories) {
        TransporterProvider provider = super.getTransporterProvider(factories);
        return (session, repository) -> new ResumingTransporter(provider.newTransporter(session, repository), repository.getUrl(),
                session.getLocalRepository().getBasedir().toPath().resolve(PARTS), ResumingTransporter.MOST_UNTOLD);
    }
}
