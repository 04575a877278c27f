/* SPDX-License-Identifier: BSD-2-Clause */
/* dd: what its files share. */
#ifndef TOOLS_FS_DD_H
#define TOOLS_FS_DD_H

#include "tools.h"

/* Conversions. */
#define DD_BLOCK 0x0001
#define DD_UNBLOCK 0x0002
#define DD_LCASE 0x0004
#define DD_UCASE 0x0008
#define DD_SWAB 0x0010
#define DD_SYNC 0x0020
#define DD_OSYNC 0x0040
#define DD_NOERROR 0x0080
#define DD_NOTRUNC 0x0100
#define DD_SPARSE 0x0200
#define DD_TRANSLATE 0x0400

struct dd {
	struct tool *t;
	const char *in_name, *out_name;
	int in, out; /* descriptors in the kernel; -1: the standard stream */
	bool in_seekable, in_pipe, out_char;
	size_t ibs, obs, cbs;
	bool bs_given; /* one size for both */
	bool exact;    /* each input block is an output block */
	uint64_t skip, seek, count, files;
	bool count_given;
	unsigned given; /* operands seen; args.c */
	int progress;
	unsigned conv;
	const unsigned char *table;
	const char *msgfmt;
	int iflag, oflag; /* -1: not given */
	/* at work */
	unsigned char *ibuf, *obuf;
	size_t olen, osize; /* in obuf; its room */
	size_t record;	    /* block, unblock: bytes of the record so far */
	size_t spaces;	    /* unblock: trailing ones held back */
	uint64_t pending;   /* sparse: zero bytes to seek over */
	uint64_t in_full, in_part, out_full, out_part, swab, trunc, sparse;
	uint64_t bytes;
	int64_t start_ns;
	bool started;
};

extern const unsigned char dd_ascii_to_ebcdic[256], dd_ascii_to_ibm[256],
    dd_ebcdic_to_ascii[256], dd_ascii_to_old[256], dd_old_to_ascii[256];

/* args.c: reads the operands; errors end the tool. */
void dd_operands(struct dd *, char **argv);
/* summary.c */
void dd_summary(struct dd *);
int64_t dd_now_ns(struct tool *);
/* convert.c: one input block on its way to the output buffer; with n 0, the end of the input. */
void dd_convert(struct dd *, unsigned char *buf, size_t n);
/* dd.c: appends to the output buffer, writes what is whole. */
void dd_put(struct dd *, const void *, size_t);

#endif
