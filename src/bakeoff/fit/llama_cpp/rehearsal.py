"""One step of a model in llama.cpp, rehearsed on its allocator: what a device's compute buffer has to hold.

The engine sizes the buffer for the largest step it may be asked for: a full micro-batch at a full cache
(`llama_context::sched_reserve`, src/llama-context.cpp, build b11549). So does this, with as many layers as there are
different neighbours. Nothing is computed; a model takes about 100 microseconds.
"""

from dataclasses import replace
from functools import partial

from bakeoff.catalog.architecture import Layer
from bakeoff.catalog.gguf_metadata import DEEPSTACK_LAYERS
from bakeoff.fit.llama_cpp.graph import STYLES, USUAL, WITHOUT_MIXED_INPUT, Step
from bakeoff.fit.llama_cpp.graph_attention import grouped_heads
from bakeoff.fit.llama_cpp.graph_feed_forward import dense, feed_forward
from bakeoff.fit.llama_cpp.graph_gemma import NOTHING, LayerEmbeddings, Versions
from bakeoff.fit.llama_cpp.graph_latent import compressed_heads, latent_heads
from bakeoff.fit.llama_cpp.graph_recurrent import mamba2_beside_attention, recurrent
from bakeoff.fit.llama_cpp.graph_streams import enter, leave
from bakeoff.fit.llama_cpp.masks import ROTATED_HEAD_SIZE, Masks
from bakeoff.fit.llama_cpp.names import flash_runs
from bakeoff.fit.llama_cpp.parts import Part
from bakeoff.fit.llama_cpp.scratch import Block, Scratch
from bakeoff.fit.llama_cpp.settings import WHOLE_TYPES, Settings, number_bytes
from bakeoff.fit.llama_cpp.shape import Kind, Shape

SMALL_INPUTS = 48
"""Bytes per token of positions, token numbers and cache places."""

RESIDUAL_STACK = {"kimi-k3": 12}
"""Every how many layers the residual is put by for all later ones and started anew (`attn_res.block_size`). Rows
without logits are dropped behind the last layer, not in it."""


class Rehearsal:
    """One step."""

    def __init__(self, model: Shape, settings: Settings, part: Part) -> None:
        self.model = model
        self.settings = settings
        self.part = part
        self.scratch = Scratch(settings.step_tokens)
        name = model.architecture.name
        attentions = [kind.layer.attention for kind in model.kinds if kind.layer.attention]
        latent = any(a.latent for a in attentions)
        self.step = Step(
            scratch=self.scratch,
            name=name,
            style=STYLES.get(name, USUAL),
            hidden=model.architecture.hidden_size,
            slots=settings.n_slots,
            streams=settings.n_streams,
            flash=settings.flash and flash_runs(name),
            rotated_keys=settings.kv_type_k not in WHOLE_TYPES
            and not latent
            and all(a.head_dim_k % ROTATED_HEAD_SIZE == 0 for a in attentions),
            rotated_values=settings.kv_type_v not in WHOLE_TYPES
            and not latent
            and all(a.head_dim_v % ROTATED_HEAD_SIZE == 0 for a in attentions),
            cache_bits=(8 * number_bytes(settings.kv_type_k), 8 * number_bytes(settings.kv_type_v)),
            half_copies=part.half_copies,
        )
        self.own_step = self.step
        self.order = model.order[part.first : part.last]
        self.borrowing = (False, False, False)
        """Of this layer: weights and cache; the experts; the experts, and another device computes them."""

        self.masks = Masks(self.step, model, settings, part)
        self.bank_every = RESIDUAL_STACK.get(name, 0)
        self.bank = NOTHING
        """Residuals that are kept for later layers."""

        self.banks = False
        """This layer adds one."""

    def run(self) -> int:
        """Bytes that the buffer grew to."""
        part, scratch = self.part, self.scratch
        x, embeddings = self._inputs()
        if not self.order and not part.output:
            return scratch.peak
        versions = Versions(self.step, embeddings, x) if self.step.name == "gemma3n" else None
        token = x if embeddings.width and not embeddings.projected else NOTHING
        previous: tuple[int, bool, bool, bool] | None = None
        seen = set()
        last = len(self.model.order) - 1
        for number, kind in enumerate(self.order, part.first):
            here = (kind, *self._borrow(number))
            pair, previous = (previous, here), here
            self.banks = bool(self.bank_every) and number % self.bank_every == 0
            if pair in seen and number != last and not self.banks:
                self.masks.choose(self.model.kinds[kind])
                continue
            seen.add(pair)
            if versions is not None:
                self._versioned(versions, self.model.kinds[kind])
                continue
            final = number == last and not self.bank_every
            x = self._layer(self.model.kinds[kind], x, final=final, keep=x is token)
            embeddings.add(token)
            token = NOTHING
        if part.output:
            if versions is not None:
                versions.merge()
                scratch.rows = self.settings.outputs
            scratch.new(self.model.architecture.vocab_size)
        return scratch.peak

    def _borrow(self, number: int) -> tuple[bool, bool, bool]:
        """Set what of the layer lies in the processor's memory, and return it."""
        part = self.part
        whole = number < part.borrowed
        here = (whole, number < max(part.borrowed, part.borrowed_experts), number < part.experts_elsewhere)
        if here != self.borrowing:
            self.borrowing = here
            self.step = replace(
                self.own_step,
                borrowed_bits=part.borrowed_bits if whole else 0.0,
                borrowed_expert_bits=part.borrowed_bits if here[1] else 0.0,
                borrowed_cache=whole,
                experts_elsewhere=here[2],
                late_masks=self.masks.come_with_cache,
            )
        return here

    def _inputs(self) -> tuple[Block, LayerEmbeddings]:
        """What is handed over, and the rows of the embeddings."""
        if self.part.start == "residual":
            return self._residual()
        if self.part.start == "embedding":
            return self._embedding()
        scratch, model = self.scratch, self.model
        hidden = self.step.hidden
        wide = hidden * (1 + DEEPSTACK_LAYERS.get(self.step.name, 0))
        for _ in range(self.part.copies):
            scratch.new(wide)  # embeddings instead of tokens: reserved, not used
        mixed = NOTHING
        if self.step.name not in WITHOUT_MIXED_INPUT:
            for _ in range(self.part.copies):
                mixed = scratch.new(wide)
        scratch.take(SMALL_INPUTS * self.settings.step_tokens)
        self.masks.take(self.order)
        embeddings = LayerEmbeddings(self.step, model.architecture)
        x = scratch.new(hidden)
        rows = scratch.new(hidden) if mixed.size else NOTHING
        if not self.order:
            return x, embeddings  # the processor's share when GPUs do the rest
        if wide > hidden:
            x = scratch.new(wide, x)
            rows = scratch.new(wide, rows)
        if mixed.size:
            scratch.new(wide, mixed)  # never read, so never given back
            scratch.give(rows)
        return self._first_residual(x, wide), embeddings

    def _first_residual(self, x: Block, wide: int) -> Block:
        scratch, hidden = self.scratch, self.step.hidden
        if wide > hidden:
            x = NOTHING  # later layers read the image features beside it: it stays
        if self.model.streams > 1:
            x = scratch.new(self.model.streams * hidden, x)
        return x

    def _embedding(self) -> tuple[Block, LayerEmbeddings]:
        """On the first GPU: copies of the rows that the processor made. With several copies none is given back."""
        scratch, hidden, copies = self.scratch, self.step.hidden, self.part.copies
        wide = hidden * (1 + DEEPSTACK_LAYERS.get(self.step.name, 0))
        mixed = rows = x = NOTHING
        for _ in range(copies):
            if self.step.name not in WITHOUT_MIXED_INPUT:
                mixed, rows = scratch.new(wide), scratch.new(wide)
            x = scratch.new(wide)
        embeddings = LayerEmbeddings(self.step, self.model.architecture)
        self.masks.take(self.order)
        if mixed.size:
            scratch.new(wide)  # never read, so never given back
            if copies == 1:
                scratch.give(mixed, rows)
        return self._first_residual(x if copies == 1 else NOTHING, wide), embeddings

    def _residual(self) -> tuple[Block, LayerEmbeddings]:
        """On a later GPU: the last result and the residual that it is to be added to."""
        scratch, copies = self.scratch, self.part.copies
        width = self.step.hidden * self.model.streams
        result = residual = NOTHING
        for _ in range(copies):
            result, residual = scratch.new(width), scratch.new(width)
        embeddings = LayerEmbeddings(self.step, self.model.architecture)
        embeddings.projected = True
        self.masks.take(self.order)
        if copies > 1:
            return scratch.new(width), embeddings
        scratch.give(result)
        return residual, embeddings

    def _layer(self, kind: Kind, x: Block, *, final: bool, keep: bool) -> Block:
        """One layer: from the residual to the next. `keep`: the residual is still needed afterwards."""
        layer, scratch, streams = kind.layer, self.scratch, self.model.streams
        mixes = layer.attention is not None or layer.recurrent is not None
        if mixes and layer.feed_forward is not None and self.step.style.parallel != "no":
            return self._parallel(layer, kind, x, final)
        if mixes:
            found = self._mixed(layer, kind, x)
            if final:
                self.masks.release()
                found, x = self._only_outputs(found), self._only_outputs(x, streams)
            x = self._added(x, found, keep=keep)
        elif final:
            self.masks.release()
            x = self._only_outputs(x)
        if layer.feed_forward is not None:
            own_norm = self.step.style.norm_before
            norm = self._norm(x)
            found = feed_forward(self.step, layer.feed_forward, norm, last_use=own_norm)
            x = self._added(x, found, keep=keep and not mixes)
        elif layer.recurrent is not None and layer.recurrent.kind in ("rwkv6", "rwkv7"):
            x = self._channel_mix(layer, x)
        if final and streams > 1:
            x = scratch.new(self.step.hidden, x)
        return x

    def _norm(self, x: Block) -> Block:
        """The input of a part of a layer."""
        if self.model.streams > 1:
            return enter(self.step, x, self.model.streams)
        if not self.step.style.norm_before:
            return x
        if not self.bank_every:
            return self.scratch.new(self.step.hidden)
        self.scratch.give(self.scratch.new(self.step.hidden))
        norm = self.scratch.new(self.step.hidden)
        self.scratch.give(self.scratch.new(self.step.hidden))  # a share of the kept results, added in place
        return norm

    def _added(self, x: Block, found: Block, *, keep: bool = False) -> Block:
        """The result of a part, added to the residual in place."""
        if self.model.streams > 1:
            return leave(self.step, x, found, self.model.streams)
        if not keep:
            self.scratch.give(x)
        return found

    def _mixed(self, layer: Layer, kind: Kind, x: Block) -> Block:
        """Attention, recurrence, or both side by side."""
        scratch, step = self.scratch, self.step
        norm = self._norm(x)
        if self.banks:
            kept = self.bank.size // (4 * step.hidden * scratch.rows) + 1
            self.bank = scratch.new(kept * step.hidden, self.bank)
        if layer.attention is None:
            assert layer.recurrent is not None
            return recurrent(step, layer.recurrent, norm)
        heads = self._heads(kind, norm, last_use=step.style.norm_before)
        if layer.recurrent is not None:
            return mamba2_beside_attention(step, layer.recurrent, partial(self._project, kind, heads))
        return self._project(kind, heads)

    def _heads(self, kind: Kind, norm: Block, *, last_use: bool) -> Block:
        """Attention up to the output matrix; `norm` dies with its last use."""
        attention = kind.layer.attention
        assert attention is not None
        self.masks.here = kind
        if not self.step.borrowed_cache:
            self.masks.need(kind)  # unless it was there from the start
        if attention.compressed is not None:
            self.masks.choose(kind)
            cells, entries = self.masks.cells(kind), self.masks.entries(kind)
            return compressed_heads(self.step, attention, attention.compressed, cells, entries, norm)
        if attention.latent is not None:
            heads = latent_heads(self.step, attention, attention.latent, self.masks.cells(kind), follows=kind.follows)
            self.masks.choose(kind)
        else:
            window = kind.window is not None
            return grouped_heads(self.step, attention, self.masks.cells(kind), norm, window=window, last_use=last_use)
        if last_use:
            self.scratch.give(norm)
        return heads

    def _parallel(self, layer: Layer, kind: Kind, x: Block, final: bool) -> Block:
        """Attention and feed-forward part read the same residual; both results are added to it."""
        scratch, step = self.scratch, self.step
        assert layer.feed_forward is not None
        own = step.style.parallel == "own norm"
        norm = scratch.new(step.hidden)
        heads = self._heads(kind, norm, last_use=own)
        if final:
            self.masks.release()
            x = self._only_outputs(x)
            norm = norm if own else self._only_outputs(norm)
        if own:
            norm = scratch.new(step.hidden)
        found = feed_forward(step, layer.feed_forward, norm, last_use=True)
        scratch.give(x)
        scratch.give(self._project(kind, heads))
        return found

    def _project(self, kind: Kind, heads: Block) -> Block:
        """The output matrix of attention."""
        attention, hidden = kind.layer.attention, self.step.hidden
        assert attention is not None
        inner = attention.n_heads * (attention.latent.v_head_dim if attention.latent else attention.head_dim_v)
        return self.step.product(hidden, hidden * inner, heads)

    def _channel_mix(self, layer: Layer, x: Block) -> Block:
        """RWKV's feed-forward part, whose matrices the architecture has among its extra ones."""
        scratch, step = self.scratch, self.step
        width = next((weight.rows for weight in layer.extra if weight.name == "channel_mix_key.weight"), 0)
        norm = scratch.new(step.hidden)
        shifted = scratch.new(step.hidden, scratch.new(step.hidden), norm)
        found = dense(step, width, False, shifted, True)
        scratch.give(x)
        return found

    def _versioned(self, versions: Versions, kind: Kind) -> None:
        """A layer of Gemma 3n."""

        def attention(norm: Block) -> Block:
            return self._project(kind, self._heads(kind, norm, last_use=False))

        assert kind.layer.feed_forward is not None
        versions.layer(attention, kind.layer.feed_forward)

    def _only_outputs(self, block: Block, streams: int = 1) -> Block:
        """Keep the rows whose logits are asked for; from here on there are no others."""
        self.scratch.rows = self.settings.outputs
        return self.scratch.new(streams * self.step.hidden, block)
