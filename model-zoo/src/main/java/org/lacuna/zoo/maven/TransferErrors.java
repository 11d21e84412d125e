package org.lacuna.zoo.maven;

import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.apache.http.client.HttpResponseException;
import org.apache.http.client.RedirectException;
import org.eclipse.aether.transfer.ArtifactNotFoundException;
import org.eclipse.aether.transfer.ChecksumFailureException;
import org.eclipse.aether.transfer.MetadataNotFoundException;
import org.eclipse.aether.transfer.NoRepositoryConnectorException;
import org.eclipse.aether.transfer.NoTransporterException;
import org.lacuna.run.InputException;
import org.lacuna.run.RunException;

/** What a repository's refusal means for the user. */
final class TransferErrors {
    private static final int MOST_SHOWN = 300;

    private final String repository;
    private final String id;
    private final MavenSettings settings;

    TransferErrors(String repository, String id, MavenSettings settings) {
        this.repository = repository;
        this.id = id;
        this.settings = settings;
    }

    /** Whether all that went wrong is that it isn't there. */
    static boolean notFound(Collection<Exception> exceptions) {
        return exceptions.stream().allMatch(e -> e instanceof MetadataNotFoundException || e instanceof ArtifactNotFoundException);
    }

    /** The exception to throw for what the resolver threw. */
    RuntimeException of(String what, Throwable failure) {
        List<Throwable> causes = new ArrayList<>();
        for (Throwable cause = failure; cause != null && !causes.contains(cause); cause = cause.getCause()) {
            causes.add(cause);
        }
        String where = repository + ": " + what + ": ";
        for (Throwable cause : causes) {
            if (cause instanceof HttpResponseException http) {
                return new InputException(where + status(http.getStatusCode(), http.getMessage()), failure);
            }
            if (cause instanceof ResumingTransporter.TooLongException) {
                return new InputException(where + shown(cause.getMessage()), failure);
            }
            if (cause instanceof RedirectException) {
                return new InputException(where + "it sends from address to address without an end (" + shown(cause.getMessage()) + "); is the address right?", failure);
            }
            if (cause instanceof NoRepositoryConnectorException || cause instanceof NoTransporterException) {
                return new InputException(where + "there is no way to get there (" + shown(cause.getMessage()) + "); expected a folder, http:// or https://, here and as a mirror in "
                        + settings.file(), failure);
            }
            if (cause instanceof UnknownHostException) {
                return new InputException(where + "the host " + cause.getMessage()
                        + " is not known; is the address right, and is there a network?", failure);
            }
            if (cause instanceof ConnectException || cause instanceof SocketTimeoutException) {
                return new RunException(where + "the host does not answer (" + cause.getMessage() + ")", failure);
            }
            if (cause instanceof ChecksumFailureException checksum) {
                return new InputException(where + "what came is not what was published: " + shown(checksum.getMessage())
                        + "; the repository is damaged, or something between changed it", failure);
            }
        }
        return new RunException(where + shown(causes.get(causes.size() - 1).getMessage()), failure);
    }

    /** What came from outside, as a message can hold it. */
    private static String shown(String message) {
        String plain = String.valueOf(message).replaceAll("\\p{Cntrl}", "?");
        return plain.length() > MOST_SHOWN ? plain.substring(0, MOST_SHOWN) + "…" : plain;
    }

    private String status(int status, String message) {
        String who = settings.knows(id) ? "the user and password of server '" + id + "' in " + settings.file()
                : "no user: " + settings.file() + " has no server with the id '" + id + "'";
        return switch (status) {
            case 401 -> "the repository wants to know who you are (401) and does not accept " + who + "; put the right ones there";
            case 403 -> "the repository forbids it (403) to " + who + "; ask its owner for the right, or is a release published already?";
            case 405, 409 -> "the repository does not take it (" + message + "); it may not allow releases, or snapshots, or publishing again";
            case 404 -> "there is no repository at this address that takes it (404)";
            default -> "the repository answers: " + shown(message);
        };
    }
}
