package com.example.base.tunnel;

import com.alibaba.fastjson.JSON;
import com.alibaba.fastjson.JSONObject;
import com.alipay.sofa.koupleless.arklet.core.api.model.Response;
import com.alipay.sofa.koupleless.arklet.core.command.CommandService;
import com.alipay.sofa.koupleless.arklet.core.command.builtin.model.BizInfo;
import com.alipay.sofa.koupleless.arklet.core.command.meta.Output;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Carries out what the controller says, by Arklet's own handlers, and words the answers. */
final class Commands {
    /** @param what the last part of the topic on which it is published */
    record Answer(String what, Object data) {}

    private final CommandService arklet;

    Commands(CommandService arklet) {
        this.arklet = arklet;
    }

    /** @throws Exception what is no command of ours, or no JSON, gets no answer */
    Answer carryOut(String verb, byte[] payload) throws Exception {
        String json = new String(payload, StandardCharsets.UTF_8);
        switch (verb) {
            case "health":
                return new Answer("health", Response.fromCommandOutput(arklet.process(verb, JSON.parseObject(json))));
            case "queryAllBiz":
                JSON.parseObject(json);
                return new Answer("simpleBiz", allModules());
            case "installBiz":
            case "uninstallBiz":
                return changeOne(verb, JSON.parseObject(json));
            case "baseline":
                return new Answer("batchInstallBizResponse", changeMany(json));
            default:
                throw new IllegalArgumentException("unknown command");
        }
    }

    private List<Map<String, Object>> allModules() throws Exception {
        List<?> found = (List<?>) arklet.process("queryAllBiz", new JSONObject()).getData();
        return found.stream().map(BizInfo.class::cast).map(Frames::simpleBiz).toList();
    }

    private Answer changeOne(String command, JSONObject input) {
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("bizName", input.getString("bizName"));
        data.put("response", respond(command, input));
        data.put("command", command);
        data.put("bizVersion", input.getString("bizVersion"));
        return new Answer("bizOperation", data);
    }

    private Map<String, Object> changeMany(String json) {
        JSONObject input = new JSONObject();
        input.put("bizList", JSON.parseArray(json));
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("response", respond(BatchInstallHandler.COMMAND, input));
        data.put("command", BatchInstallHandler.COMMAND);
        return data;
    }

    /** A failure is an answer too. The stack trace tells the controller the cause. */
    private Object respond(String command, JSONObject input) {
        try {
            Output<?> output = arklet.process(command, input);
            return Response.fromCommandOutput(output);
        } catch (Throwable e) {
            StringWriter trace = new StringWriter();
            e.printStackTrace(new PrintWriter(trace));
            Map<String, Object> response = new LinkedHashMap<>();
            response.put("code", "FAILED");
            response.put("data", Map.of("code", "FAILED", "message", trace.toString()));
            response.put("message", e.getMessage());
            return response;
        }
    }
}
