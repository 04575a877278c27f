/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzzing: compressed disk images, opened and read as vnd does. */
#include "dev/vnd_image.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct input {
	const uint8_t *p;
	size_t n;
};

static int
read_input(void *ctx, void *buf, size_t n, uint64_t off)
{
	const struct input *in = ctx;

	if (off > in->n || n > in->n - off)
		return -5; /* EIO */
	memcpy(buf, in->p + off, n);
	return 0;
}

/* The script and the high bytes of sizes are not left to chance. */
static uint8_t *
dressed(const uint8_t *in, size_t n)
{
	uint8_t *p = malloc(n);

	if (p == NULL)
		return NULL;
	memcpy(p, in, n);
	memcpy(p, VND_IMAGE_MAGIC, sizeof(VND_IMAGE_MAGIC) - 1);
	p[VND_IMAGE_PREAMBLE] = p[VND_IMAGE_PREAMBLE + 1] = 0;
	p[VND_IMAGE_PREAMBLE + 3] = 0;
	p[VND_IMAGE_PREAMBLE + 4] = p[VND_IMAGE_PREAMBLE + 5] = 0;
	return p;
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t n)
{
	static struct rump_kernel *k;
	uint8_t buf[3000];
	struct iovec iov = { buf, sizeof(buf) };
	struct vnd_image *im;
	struct input input = { .n = n };
	uint64_t size, at;

	if (k == NULL && kern_boot(NULL, &k) != 0)
		abort();
	if (n < VND_IMAGE_HEADER ||
	    (input.p = in[0] & 1 ? dressed(in, n) : in) == NULL)
		return 0;
	if (vnd_image_open(k, read_input, &input, n, &im) == 0) {
		size = vnd_image_size(im);
		for (at = 0; at + sizeof(buf) <= size && at < 200000;
		     at += sizeof(buf) * 3)
			(void)vnd_image_readv(im, &iov, 1, at);
		vnd_image_close(im);
	}
	if (input.p != in)
		free((void *)(uintptr_t)input.p);
	return 0;
}
