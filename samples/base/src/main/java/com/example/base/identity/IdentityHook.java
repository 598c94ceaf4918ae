package com.example.base.identity;

import com.alipay.sofa.koupleless.arklet.core.common.model.BaseMetadata;
import com.alipay.sofa.koupleless.arklet.core.hook.base.BaseMetadataHook;

/** Tells Arklet itself who this base is. Made by Arklet, by name. */
public class IdentityHook implements BaseMetadataHook {
    private final BaseIdentity identity = BaseIdentity.fromSettings();

    @Override
    public BaseMetadata getBaseMetadata() {
        return new BaseMetadata(identity.name(), identity.version());
    }

    @Override
    public String getRuntimeEnv() {
        return identity.env();
    }
}
