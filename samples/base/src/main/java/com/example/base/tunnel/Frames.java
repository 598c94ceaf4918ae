package com.example.base.tunnel;

import com.alibaba.fastjson.JSON;
import com.alibaba.fastjson.serializer.ObjectSerializer;
import com.alibaba.fastjson.serializer.SerializeConfig;
import com.alipay.sofa.ark.spi.model.BizInfo.BizStateRecord;
import com.alipay.sofa.koupleless.arklet.core.command.builtin.model.BizInfo;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** What goes over the wire, and its form. */
final class Frames {
    /** SOFAArk 3.1.7 gives these records no getters: without help JSON would show {@code {}}. */
    private static final List<Field> RECORD_FIELDS = Stream.of("changeTime", "message", "reason", "state")
            .map(Frames::recordField)
            .flatMap(Optional::stream)
            .toList();

    static {
        ObjectSerializer records = (json, object, name, type, features) -> json.write(fieldsOf((BizStateRecord) object));
        SerializeConfig.getGlobalInstance().put(BizStateRecord.class, records);
    }

    private Frames() {}

    static byte[] encode(Object data) {
        Map<String, Object> envelope = new LinkedHashMap<>();
        envelope.put("data", data);
        envelope.put("publishTimestamp", System.currentTimeMillis());
        return JSON.toJSONString(envelope).getBytes(StandardCharsets.UTF_8);
    }

    /** A module in the answer to {@code queryAllBiz}: its state, and how it came to be. */
    static Map<String, Object> simpleBiz(BizInfo biz) {
        List<BizStateRecord> records = biz.getBizStateRecords();
        Map<String, Object> simple = new LinkedHashMap<>();
        if (records != null && !records.isEmpty()) {
            simple.put("latestStateRecord", records.get(records.size() - 1));
        }
        simple.put("name", biz.getBizName());
        simple.put("state", biz.getBizState().getBizState());
        simple.put("version", biz.getBizVersion());
        return simple;
    }

    private static Map<String, Object> fieldsOf(BizStateRecord record) {
        Map<String, Object> fields = new LinkedHashMap<>();
        for (Field field : RECORD_FIELDS) {
            try {
                fields.put(field.getName(), field.get(record));
            } catch (IllegalAccessException e) {
                throw new IllegalStateException("this SOFAArk keeps its records to itself", e);
            }
        }
        return fields;
    }

    /** The records of SOFAArk 3.1.4 have neither message nor reason. */
    private static Optional<Field> recordField(String name) {
        try {
            Field field = BizStateRecord.class.getDeclaredField(name);
            field.setAccessible(true);
            return Optional.of(field);
        } catch (NoSuchFieldException e) {
            return Optional.empty();
        }
    }
}
