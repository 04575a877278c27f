/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzing: labels. A prototype of any text is refused, or becomes a label that is shown, restored and written to be the same one again; a disktab of any text gives a
 * label or none; what lies on a disk is shown or refused; a conversation ends with its input.
 *
 * An input: a byte that chooses, 'p' a prototype, 't' a disktab (of the type "t"), 'd' the first sectors of a disk, 'i' a conversation; the rest is that.
 */
#include "disklabel/disklabel.h"
#include "lib/check.h"
#include "lib/disk_kernel.h"
#include <rumprun/dklabel.h>

int LLVMFuzzerInitialize(int *, char ***);
int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define DISK ((int64_t)1 << 20)
#define PROTO                                                         \
	"bytes/sector: 512\nsectors/track: 32\ntracks/cylinder: 64\n" \
	"sectors/cylinder: 2048\ncylinders: 1\nrpm: 3600\n"           \
	"5 partitions:\n a: 1000 100 4.2BSD 512 4096 16\n d: $ 0 unused\n"

static struct disk_kernel dk;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	disk_kernel_start(&dk);
	disk_kernel_zeros(&dk, "/img", DISK);
	disk_kernel_put(&dk, "/known", PROTO, sizeof(PROTO) - 1);
	return 0;
}

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "labelproto: %s\n%s\n", what, dk.out);
	abort();
}

/* What lies in the label's sector, and the sector itself. */
static bool
on_disk(uint8_t sector[4096], struct disklabel *lp)
{
	uint8_t head[DL_AREA];
	size_t at;

	(void)disk_kernel_get(&dk, "/img", 0, head, sizeof(head));
	/* the label may say any size of sectors, its own place is behind one */
	for (at = 512; at < sizeof(head) / 2; at *= 2)
		if (rumprun_dklabel_decode(
			head + at, sizeof(head) - at, lp, NULL) == 0) {
			memcpy(sector, head + at, 512);
			return true;
		}
	return false;
}

/* Shown and restored again, it is the same. */
static void
round_trip(void)
{
	struct disklabel label, again;
	uint8_t first[4096], second[4096];
	char *copy;

	if (!on_disk(first, &label))
		return;
	must(disk_kernel_run(&dk, "disklabel /img") == 0, "not shown");
	copy = malloc(dk.outlen + 1);
	must(copy != NULL, "memory");
	memcpy(copy, dk.out, dk.outlen + 1);
	disk_kernel_put(&dk, "/shown", copy, strlen(copy));
	free(copy);
	must(disk_kernel_run(&dk, "disklabel -R /img /shown") == 0,
	    "not restored");
	must(on_disk(second, &again), "gone");
	must(label.d_secperunit == again.d_secperunit &&
		label.d_npartitions == again.d_npartitions,
	    "another geometry");
	for (unsigned i = 0; i < label.d_npartitions; i++)
		if (label.d_partitions[i].p_size != 0)
			must(memcmp(&label.d_partitions[i],
				 &again.d_partitions[i],
				 offsetof(struct partition, __partition_u2)) ==
				0,
			    "another partition");
}

static void
prototype(const uint8_t *p, size_t n)
{
	disk_kernel_put(&dk, "/proto", p, n);
	if (disk_kernel_run(&dk, "disklabel -R -D /img /proto") == 0)
		round_trip();
	(void)disk_kernel_run(&dk, "disklabel -t /img");
	(void)disk_kernel_run(&dk, "disklabel -C /img");
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char *text;

	if (n == 0 || n > 65536)
		return 0;
	disk_kernel_zeros(&dk, "/img", DISK);
	switch (p[0]) {
	case 'p':
		prototype(p + 1, n - 1);
		break;
	case 't':
		disk_kernel_put(&dk, "/tab", p + 1, n - 1);
		if (disk_kernel_run(&dk, "disklabel -w -D -f /tab /img t") == 0)
			(void)disk_kernel_run(&dk, "disklabel /img");
		break;
	case 'd':
		disk_kernel_put(&dk, "/img", p + 1, n - 1);
		(void)disk_kernel_run(&dk, "disklabel -C /img");
		(void)disk_kernel_run(&dk, "disklabel -A /img");
		dk.in = "P\nC\na\n\n0\n$\nE\nW\ny\n";
		(void)disk_kernel_run(&dk, "disklabel -i /img");
		(void)disk_kernel_run(&dk, "disklabel -D /img");
		must(disk_kernel_run(&dk, "disklabel /img") == 1, "not deleted");
		break;
	case 'i':
		(void)disk_kernel_run(&dk, "disklabel -R /img /known");
		if ((text = malloc(n)) == NULL)
			return 0;
		memcpy(text, p + 1, n - 1);
		text[n - 1] = '\0';
		dk.in = text;
		(void)disk_kernel_run(&dk, "disklabel -i /img");
		free(text);
		dk.in = NULL;
		break;
	}
	return 0;
}
