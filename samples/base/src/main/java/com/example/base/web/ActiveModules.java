package com.example.base.web;

import com.alipay.sofa.ark.api.ArkClient;
import com.alipay.sofa.ark.spi.model.Biz;
import com.alipay.sofa.ark.spi.model.BizState;
import com.alipay.sofa.koupleless.common.BizRuntimeContext;
import com.alipay.sofa.koupleless.common.BizRuntimeContextRegistry;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.springframework.beans.factory.NoSuchBeanDefinitionException;
import org.springframework.context.ApplicationContext;
import org.springframework.stereotype.Component;

/** Finds beans in the Spring context of whichever version of a module is active now. */
@Component
class ActiveModules {
    /** SOFAArk first deactivates the old version and then activates the new one: a request in between waits. */
    private static final long SWITCH_AT_MOST_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private static final long LOOK_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    <T> Optional<T> find(String module, Class<T> type) {
        return active(module).flatMap(ActiveModules::contextOf).flatMap(context -> beanOf(context, type));
    }

    private static Optional<Biz> active(String module) {
        long deadline = System.nanoTime() + SWITCH_AT_MOST_NANOS;
        Biz active = ArkClient.getBizManagerService().getActiveBiz(module);
        while (active == null && isSwitching(module) && System.nanoTime() < deadline) {
            LockSupport.parkNanos(LOOK_AGAIN_NANOS);
            active = ArkClient.getBizManagerService().getActiveBiz(module);
        }
        return Optional.ofNullable(active);
    }

    private static boolean isSwitching(String module) {
        return ArkClient.getBizManagerService().getBiz(module).stream()
                .anyMatch(biz -> biz.getBizState() == BizState.DEACTIVATED);
    }

    private static Optional<ApplicationContext> contextOf(Biz biz) {
        BizRuntimeContext runtime = BizRuntimeContextRegistry.getRuntimeMap().get(biz.getBizClassLoader());
        return Optional.ofNullable(runtime).map(BizRuntimeContext::getRootApplicationContext);
    }

    private static <T> Optional<T> beanOf(ApplicationContext context, Class<T> type) {
        try {
            return Optional.of(context.getBean(type));
        } catch (NoSuchBeanDefinitionException | IllegalStateException e) {
            return Optional.empty(); // it has none, or is being closed
        }
    }
}
