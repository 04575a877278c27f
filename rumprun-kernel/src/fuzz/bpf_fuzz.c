/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzing: filter programs. Those that are accepted must end, stay inside their packet, and say the same of it in one piece and in many.
 *
 * An input: how many instructions, eight bytes each, the length of the first piece, the packet.
 */
#include "net/bpf_var.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static uint32_t
answer(struct bpf_run *r, uint32_t a)
{
	(void)r;
	return a ^ 0x5a;
}

/* A packet whose pieces lie anywhere: mbufs by hand, as the machine only reads. */
static uint32_t
in_pieces(const struct bpf_insn *f, const uint8_t *p, size_t n, size_t first,
    bpf_copfunc_t *const *cops)
{
	struct mbuf m[4];
	struct bpf_run r = { .m = m, .wirelen = n, .ncops = 1 };
	size_t at = 0;

	memset(m, 0, sizeof(m));
	for (int i = 0; i < 4; i++) {
		size_t len = i < 3 ? first : n;

		if (len > n - at)
			len = n - at;
		m[i].m_data = (uint8_t *)(uintptr_t)p + at;
		m[i].m_len = (uint32_t)len;
		m[i].m_next = i < 3 ? &m[i + 1] : NULL;
		at += len;
	}
	return bpf_filter(f, &r, cops);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static bpf_copfunc_t *const cops[] = { answer };
	size_t count = n > 0 ? p[0] : 0, first;
	struct bpf_insn *f;
	uint8_t *packet;

	if (count == 0 || n < 2 + count * sizeof(*f) ||
	    (f = malloc(count * sizeof(*f))) == NULL)
		return 0;
	memcpy(f, p + 1, count * sizeof(*f));
	p += 1 + count * sizeof(*f);
	n -= 1 + count * sizeof(*f);
	first = *p++;
	n--;
	/* Exactly as long as it is, so that a byte too far is seen. */
	if ((packet = malloc(n > 0 ? n : 1)) != NULL &&
	    bpf_validate(f, count, 1)) {
		struct bpf_run flat = {
			.p = packet, .buflen = n, .wirelen = n, .ncops = 1
		};

		memcpy(packet, p, n);
		if (bpf_filter(f, &flat, cops) !=
		    in_pieces(f, packet, n, first, cops))
			abort();
	}
	free(packet);
	free(f);
	return 0;
}
