package com.example.base.tunnel;

import com.alipay.sofa.ark.api.ClientResponse;
import com.alipay.sofa.ark.api.ResponseCode;
import com.alipay.sofa.koupleless.arklet.core.command.executor.ExecutorServiceManager;
import com.alipay.sofa.koupleless.arklet.core.command.meta.AbstractCommandHandler;
import com.alipay.sofa.koupleless.arklet.core.command.meta.Command;
import com.alipay.sofa.koupleless.arklet.core.command.meta.Output;
import com.alipay.sofa.koupleless.arklet.core.command.meta.bizops.ArkBizMeta;
import com.alipay.sofa.koupleless.arklet.core.command.meta.bizops.ArkBizOps;
import com.alipay.sofa.koupleless.arklet.core.common.exception.ArkletRuntimeException;
import com.alipay.sofa.koupleless.arklet.core.common.exception.CommandValidationException;
import com.alipay.sofa.koupleless.arklet.core.common.model.InstallRequest;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.net.URL;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.jar.JarInputStream;
import java.util.jar.Manifest;

/**
 * {@code batchInstallBiz}, which Arklet 2.1.6 lacks: modules by URL, those of one priority side by side, low numbers first.
 * As in later versions one URL that cannot be read fails all of them, before any is installed.
 */
class BatchInstallHandler extends AbstractCommandHandler<BatchInstallHandler.Input, Map<String, Object>>
        implements ArkBizOps {
    static final String COMMAND = "batchInstallBiz";
    private static final int USUAL_PRIORITY = 100;

    /** Read from JSON by Arklet. It has no name and no version, so all batches share one lock. */
    public static class Input extends ArkBizMeta {
        private List<InstallRequest> bizList;

        public List<InstallRequest> getBizList() {
            return bizList;
        }

        public void setBizList(List<InstallRequest> bizList) {
            this.bizList = bizList;
        }
    }

    private enum Id implements Command {
        BATCH_INSTALL;

        @Override
        public String getId() {
            return COMMAND;
        }

        @Override
        public String getDesc() {
            return "install several modules";
        }
    }

    @Override
    public Command command() {
        return Id.BATCH_INSTALL;
    }

    @Override
    public void validate(Input input) throws CommandValidationException {
        notNull(input.getBizList(), "bizList is null");
        for (InstallRequest request : input.getBizList()) {
            notBlank(request.getBizUrl(), "bizUrl should not be blank");
        }
    }

    @Override
    public Output<Map<String, Object>> handle(Input input) {
        long usedBefore = metaspaceUsed();
        Map<String, ClientResponse> responses = new HashMap<>();
        for (List<InstallRequest> samePriority : byPriority(input.getBizList()).values()) {
            responses.putAll(installAll(samePriority));
        }
        boolean isGood = responses.values().stream().allMatch(response -> response.getCode() == ResponseCode.SUCCESS);
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("bizUrlToResponse", responses);
        data.put("code", isGood ? ResponseCode.SUCCESS : ResponseCode.FAILED);
        data.put("elapsedSpace", metaspaceUsed() - usedBefore);
        data.put("message", isGood ? "batch install success" : "batch install failed");
        return isGood ? Output.ofSuccess(data) : Output.ofFailed(data, "install biz not success!");
    }

    private Map<String, ClientResponse> installAll(List<InstallRequest> requests) {
        List<CompletableFuture<ClientResponse>> running = new ArrayList<>();
        for (InstallRequest request : requests) {
            running.add(CompletableFuture.supplyAsync(
                    () -> installOne(request), ExecutorServiceManager.getArkBizOpsExecutor()));
        }
        Map<String, ClientResponse> responses = new HashMap<>();
        for (int i = 0; i < requests.size(); i++) {
            responses.put(requests.get(i).getBizUrl(), running.get(i).join());
        }
        return responses;
    }

    private ClientResponse installOne(InstallRequest request) {
        try {
            return getOperationService().install(request);
        } catch (Throwable e) {
            return new ClientResponse().setCode(ResponseCode.FAILED).setMessage("internal exception: " + e.getMessage());
        }
    }

    private static TreeMap<Integer, List<InstallRequest>> byPriority(Collection<InstallRequest> requests) {
        TreeMap<Integer, List<InstallRequest>> groups = new TreeMap<>();
        for (InstallRequest request : requests) {
            groups.computeIfAbsent(priorityOf(request.getBizUrl()), priority -> new ArrayList<>()).add(request);
        }
        return groups;
    }

    private static int priorityOf(String url) {
        try (InputStream in = new URL(url).openStream();
                JarInputStream jar = new JarInputStream(in)) {
            Manifest manifest = jar.getManifest();
            String priority = manifest == null ? null : manifest.getMainAttributes().getValue("priority");
            return priority == null ? USUAL_PRIORITY : Integer.parseInt(priority);
        } catch (IOException e) {
            throw new ArkletRuntimeException(e);
        }
    }

    private static long metaspaceUsed() {
        return ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getName().equals("Metaspace"))
                .mapToLong(pool -> ((MemoryPoolMXBean) pool).getUsage().getUsed())
                .sum();
    }
}
