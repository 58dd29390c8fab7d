"""By which tensors one knows what a file of weights is: a table, read from top to bottom.

A sign is the name of a tensor below the prefix that its part of the file has, with every number as
`#`; `*` stands for anything. `[_,768]` are the sizes that its first axes must have, `_` is any
size. `!` before a name: there is no such tensor. All signs of a row must hold.

The facts are those of the published models; they agree with how ComfyUI, SwarmUI, InvokeAI and the
trainers kohya, OneTrainer, SimpleTuner and PEFT tell and name them.
"""

from orchestrator.models import Role

DIFFUSION_PREFIXES = ("model.diffusion_model.", "diffusion_model.", "model.", "net.", "")
TEXT_ENCODER_PREFIXES = ("cond_stage_model.", "conditioner.embedders.", "text_encoders.")
VAE_PREFIXES = ("first_stage_model.", "vae.")

_LDM = "input_blocks.#.#.transformer_blocks.#.attn2.to_k.weight"
_DIFFUSERS = "down_blocks.#.attentions.#.transformer_blocks.#.attn2.to_k.weight"
_FLUX = "double_blocks.#.img_attn.norm.key_norm.scale"

# Family, kind, signs. A diffusion model, below any of the DIFFUSION_PREFIXES.
DIFFUSION = (
    ("sdxl", "refiner", f"{_LDM}[_,1280] label_emb.#.#.weight[_,2560]"),
    ("sdxl", "inpaint", f"{_LDM}[_,2048] input_blocks.#.#.weight[_,9]"),
    ("sdxl", "edit", f"{_LDM}[_,2048] input_blocks.#.#.weight[_,8]"),
    ("sdxl", "pruned", f"{_LDM}[_,2048] !middle_block.#.transformer_blocks.#.attn2.to_k.weight"),
    ("sdxl", "", f"{_LDM}[_,2048] label_emb.#.#.weight"),
    ("sd2", "inpaint", f"{_LDM}[_,1024] input_blocks.#.#.weight[_,9]"),
    ("sd2", "depth", f"{_LDM}[_,1024] input_blocks.#.#.weight[_,5]"),
    ("sd2", "", f"{_LDM}[_,1024] !label_emb.#.#.weight !input_blocks.#.#.time_stack.*"),
    ("sd15", "inpaint", f"{_LDM}[_,768] input_blocks.#.#.weight[_,9]"),
    ("sd15", "edit", f"{_LDM}[_,768] input_blocks.#.#.weight[_,8]"),
    ("sd15", "", f"{_LDM}[_,768]"),
    ("sdxl", "inpaint", f"{_DIFFUSERS}[_,2048] conv_in.weight[_,9]"),
    ("sdxl", "refiner", f"{_DIFFUSERS}[_,1280] conv_in.weight"),
    ("sdxl", "", f"{_DIFFUSERS}[_,2048] conv_in.weight"),
    ("sd2", "", f"{_DIFFUSERS}[_,1024] conv_in.weight"),
    ("sd15", "inpaint", f"{_DIFFUSERS}[_,768] conv_in.weight[_,9]"),
    ("sd15", "", f"{_DIFFUSERS}[_,768] conv_in.weight"),
    ("sd3", "medium", "joint_blocks.#.context_block.attn.qkv.weight[4608,1536]"),
    ("sd3", "large", "joint_blocks.#.context_block.attn.qkv.weight[7296,2432]"),
    ("sd3", "", "joint_blocks.#.context_block.attn.qkv.weight"),
    ("sd3", "", "transformer_blocks.#.attn.add_q_proj.weight pos_embed.proj.weight"),
    ("", "chroma radiance", f"{_FLUX} nerf_image_embedder.*"),
    ("chroma", "", f"{_FLUX} distilled_guidance_layer.norms.#.scale"),
    ("chroma", "", f"{_FLUX} distilled_guidance_layer.#.norms.#.scale"),
    ("", "flux 2", f"{_FLUX} double_stream_modulation_img.lin.weight"),
    ("flux", "fill", f"{_FLUX} img_in.weight[3072,384]"),
    ("flux", "control", f"{_FLUX} img_in.weight[3072,128]"),
    ("flux", "schnell", f"{_FLUX} img_in.weight[3072] !guidance_in.in_layer.weight"),
    ("flux", "dev", f"{_FLUX} img_in.weight[3072] guidance_in.in_layer.weight"),
    (
        "flux",
        "dev",
        "single_transformer_blocks.#.attn.norm_k.weight time_text_embed.guidance_embedder.*"
        " x_embedder.weight[3072]",
    ),
    ("flux", "schnell", "single_transformer_blocks.#.attn.norm_k.weight x_embedder.weight[3072]"),
    ("qwen_image", "", "txt_norm.weight[3584] transformer_blocks.#.img_mlp.net.#.proj.weight"),
    ("z_image", "", "cap_embedder.#.weight[3840,2560] layers.#.feed_forward.w1.weight"),
    ("lumina2", "", "cap_embedder.#.weight[2304] layers.#.feed_forward.w1.weight"),
)

FAMILIES = tuple(dict.fromkeys(family for family, *_ in DIFFUSION if family))

# Other files, whatever folder they lie in. Role, family, kind, signs.
OTHERS = (
    (Role.CONTROLNET, "", "lora", "lora_controlnet"),
    (Role.CONTROLNET, "sdxl", "", f"*zero_convs.#.#.weight *{_LDM}[_,2048]"),
    (Role.CONTROLNET, "sd2", "", f"*zero_convs.#.#.weight *{_LDM}[_,1024]"),
    (Role.CONTROLNET, "sd15", "", f"*zero_convs.#.#.weight *{_LDM}[_,768]"),
    (Role.CONTROLNET, "sdxl", "", f"controlnet_cond_embedding.conv_in.weight {_DIFFUSERS}[_,2048]"),
    (Role.CONTROLNET, "sd2", "", f"controlnet_cond_embedding.conv_in.weight {_DIFFUSERS}[_,1024]"),
    (Role.CONTROLNET, "sd15", "", f"controlnet_cond_embedding.conv_in.weight {_DIFFUSERS}[_,768]"),
    (Role.CONTROLNET, "qwen_image", "", "controlnet_blocks.#.* txt_norm.weight"),
    (Role.CONTROLNET, "flux", "", "controlnet_blocks.#.* double_blocks.#.*"),
    (Role.CONTROLNET, "flux", "", "controlnet_blocks.#.* *attn.norm_added_k.weight"),
    (Role.CONTROLNET, "flux", "", "controlnet_blocks.#.* single_transformer_blocks.#.*"),
    (Role.CONTROLNET, "sd3", "", "controlnet_blocks.#.* transformer_blocks.#.*"),
    (Role.CONTROLNET, "z_image", "", "control_layers.#.* control_noise_refiner.#.*"),
    (Role.CONTROLNET, "", "t2i adapter", "*body.#.resnets.#.block1.weight"),
    (
        Role.CONTROLNET,
        "",
        "t2i adapter",
        "body.#.block1.weight body.#.block2.weight conv_in.weight",
    ),
    (Role.IP_ADAPTER, "sdxl", "", "ip_adapter.#.to_k_ip.weight[_,2048]"),
    (Role.IP_ADAPTER, "sd15", "", "ip_adapter.#.to_k_ip.weight[_,768]"),
    (Role.IP_ADAPTER, "flux", "", "double_blocks.#.processor.ip_adapter_*"),
    (Role.IP_ADAPTER, "flux", "", "ip_adapter.#.to_k_ip.weight[3072]"),
    (Role.IP_ADAPTER, "", "", "image_proj.* ip_adapter.*"),
    (Role.CLIP_VISION, "", "", "vision_model.encoder.layers.#.mlp.fc1.weight !text_model.*"),
    (Role.CLIP_VISION, "", "", "visual.transformer.resblocks.#.mlp.c_fc.weight"),
    (Role.TEXT_ENCODER, "", "clip_l", "text_model.encoder.layers.#.mlp.fc1.weight[_,768]"),
    (Role.TEXT_ENCODER, "", "clip_h", "text_model.encoder.layers.#.mlp.fc1.weight[_,1024]"),
    (Role.TEXT_ENCODER, "", "clip_g", "text_model.encoder.layers.#.mlp.fc1.weight[_,1280]"),
    (
        Role.TEXT_ENCODER,
        "",
        "t5xxl",
        "encoder.block.#.layer.#.DenseReluDense.wi_#.weight[10240,4096]",
    ),
    (Role.TEXT_ENCODER, "", "qwen25_vl_7b", "model.layers.#.self_attn.k_proj.bias[512]"),
    (
        Role.TEXT_ENCODER,
        "",
        "gemma2_2b",
        "model.layers.#.post_feedforward_layernorm.weight[2304] !model.layers.#.self_attn.q_norm.*",
    ),
    (
        Role.TEXT_ENCODER,
        "",
        "qwen3_4b",
        "model.layers.#.self_attn.k_norm.weight model.embed_tokens.weight[_,2560]"
        " !model.layers.#.post_feedforward_layernorm.weight",
    ),
    (Role.TEXT_ENCODER, "", "other", "encoder.block.#.layer.#.SelfAttention.k.weight"),
    (Role.TEXT_ENCODER, "", "other", "model.layers.#.self_attn.q_proj.weight"),
    (Role.VAE, "qwen_image", "", "decoder.middle.#.residual.#.gamma conv2.weight[16]"),
    (Role.VAE, "", "16 channels", "decoder.conv_in.weight[512,16] encoder.conv_in.weight"),
    (Role.VAE, "", "4 channels", "decoder.conv_in.weight[512,4] encoder.conv_in.weight"),
    (Role.VAE, "", "other", "decoder.conv_in.* encoder.conv_in.*"),
    (Role.UPSCALER, "", "", "*model.#.sub.#.RDB#.conv#.#.weight"),
    (Role.UPSCALER, "", "", "*conv_first.weight"),
    (Role.UPSCALER, "", "", "model.#.weight model.#.sub.*"),
    (Role.UPSCALER, "", "", "*body.#.weight[_,_,3,3] !encoder.*"),
    (Role.EMBEDDING, "sdxl", "", "clip_g[_,1280] clip_l[_,768]"),
    (Role.EMBEDDING, "sd15", "", "emb_params[_,768]"),
    (Role.EMBEDDING, "sd2", "", "emb_params[_,1024]"),
    (Role.EMBEDDING, "sd15", "", "<*>[_,768]"),
    (Role.EMBEDDING, "sd2", "", "<*>[_,1024]"),
)

# What a LoRA patches, by family. Here the names are of layers, with `_` for every `.`, and the size
# is the width of the layer's input.
LORA = (
    ("chroma", "distilled_guidance_layer_*"),
    ("qwen_image", "transformer_blocks_#_img_mlp_*"),
    ("qwen_image", "transformer_blocks_#_img_mod_*"),
    ("qwen_image", "transformer_blocks_#_txt_mlp_*"),
    ("flux", "double_blocks_#_img_attn_qkv[3072]"),
    ("flux", "double_blocks_#_img_attn_proj[3072]"),
    ("flux", "double_blocks_#_txt_attn_qkv[3072]"),
    ("flux", "double_blocks_#_txt_attn_proj[3072]"),
    ("flux", "double_blocks_#_qkv"),
    ("flux", "single_blocks_#_linear1[3072]"),
    ("flux", "single_blocks_#_linear2[15360]"),
    ("flux", "single_transformer_blocks_#_attn_to_q[3072]"),
    ("flux", "single_transformer_blocks_#_attn_to_k[3072]"),
    ("flux", "single_transformer_blocks_#_attn_to_v[3072]"),
    ("flux", "single_transformer_blocks_#_proj_mlp[3072]"),
    ("flux", "single_transformer_blocks_#_proj_out[15360]"),
    ("sd3", "joint_blocks_#_*"),
    ("sd3", "transformer_blocks_#_attn_to_*[1536]"),
    ("sd3", "transformer_blocks_#_attn_to_*[2432]"),
    ("sd3", "transformer_blocks_#_attn_add_*[1536]"),
    ("sd3", "transformer_blocks_#_attn_add_*[2432]"),
    ("z_image", "layers_#_attention_*[3840]"),
    ("z_image", "layers_#_feed_forward_w1[3840]"),
    ("lumina2", "layers_#_attention_*[2304]"),
    ("lumina2", "layers_#_feed_forward_w1[2304]"),
    ("sdxl", "*transformer_blocks_#_attn2_to_k[2048]"),
    ("sdxl", "*transformer_blocks_#_attn2_to_v[2048]"),
    ("sd2", "*transformer_blocks_#_attn2_to_k[1024]"),
    ("sd2", "*transformer_blocks_#_attn2_to_v[1024]"),
    ("sd15", "*transformer_blocks_#_attn2_to_k[768]"),
    ("sd15", "*transformer_blocks_#_attn2_to_v[768]"),
    ("sd15", "*transformer_blocks_#_attn1_to_*[320]"),
    ("sdxl", "lora_te2_text_model_*"),
    ("sdxl", "lora_te1_text_model_*"),
    ("sdxl", "text_encoder_#_*"),
    ("sd2", "lora_te_text_model_encoder_layers_#_self_attn_*[1024]"),
    ("sd15", "lora_te_text_model_encoder_layers_#_self_attn_*[768]"),
)

# What makers write in `modelspec.architecture`, in kohya's `ss_base_model_version` or in sidecars:
# regular expressions over lower case, of which the first that is found decides.
WORDS = (
    ("chroma", r"chroma"),
    ("z_image", r"z[-_ ]?image"),
    ("qwen_image", r"qwen"),
    ("lumina2", r"lumina"),
    ("", r"flux[-_. ]?2|klein|hunyuan|wan[-_ ]?2|cascade"),
    ("flux", r"flux"),
    ("sd3", r"stable-diffusion-(v)?3|sd[-_ ]?3"),
    ("sdxl", r"stable-diffusion-xl|sd[-_ ]?xl|pony|illustrious|noobai"),
    ("sd2", r"stable-diffusion-v2|sd[-_ ]?v?2"),
    ("sd15", r"stable-diffusion-v1|sd[-_ ]?v?1"),
)
