// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.net;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.platform.commons.support.AnnotationSupport;

/**
 * Makes what {@link Topology} describes, for each test that asks for it, and ends it afterwards.
 */
public final class NetworkExtension implements ParameterResolver, AfterEachCallback {
    private static final Namespace OURS = Namespace.create(NetworkExtension.class);

    /** JUnit makes it. */
    public NetworkExtension() {}

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext test) {
        return parameter.getParameter().getType() == Network.class
                && test.getTestMethod().isPresent();
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext test) {
        ExtensionContext.Store store = test.getStore(OURS);
        Network network = store.get(test.getUniqueId(), Network.class);
        if (network == null) {
            network = described(topology(test)).build();
            store.put(test.getUniqueId(), network);
        }
        return network;
    }

    @Override
    public void afterEach(ExtensionContext test) {
        Network network = test.getStore(OURS).remove(test.getUniqueId(), Network.class);
        if (network != null) {
            network.close();
        }
    }

    /** The method's, or that of its class, or of a class around it. */
    private static Topology topology(ExtensionContext test) {
        Optional<ExtensionContext> context = Optional.of(test);
        while (context.isPresent()) {
            Optional<Topology> found =
                    AnnotationSupport.findAnnotation(context.get().getElement(), Topology.class);
            if (found.isPresent()) {
                return found.get();
            }
            context = context.get().getParent();
        }
        throw new ExtensionConfigurationException("there is no @Topology at " + test.getUniqueId());
    }

    private static Network.Builder described(Topology topology) {
        Network.Builder builder = Network.builder().seed(topology.seed());
        if (topology.virtualTime()) {
            builder.virtualTime();
        }
        for (Topology.Cable cable : topology.wires()) {
            builder.wire(
                    cable.name(),
                    Wire.builder()
                            .loss(cable.loss())
                            .duplicate(cable.duplicate())
                            .corrupt(cable.corrupt())
                            .reorder(cable.reorder())
                            .delay(Duration.ofMillis(cable.delayMillis()))
                            .jitter(Duration.ofMillis(cable.jitterMillis()))
                            .rate(cable.rate()));
        }
        for (Topology.Host host : topology.hosts()) {
            builder.host(host.name(), host.ports());
            routes(builder, host);
        }
        for (Topology.Host router : topology.routers()) {
            builder.router(router.name(), router.ports());
            routes(builder, router);
        }
        return builder;
    }

    private static void routes(Network.Builder builder, Topology.Host host) {
        for (String route : host.routes()) {
            String[] words = route.strip().split("\\s+");
            if (words.length != 2) {
                throw new ExtensionConfigurationException(
                        "a route of " + host.name() + " is not a network and a gateway: " + route);
            }
            builder.route(host.name(), words[0], words[1]);
        }
    }
}
