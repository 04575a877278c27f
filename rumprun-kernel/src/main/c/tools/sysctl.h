/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of sysctl share. */
#ifndef TOOLS_SYSCTL_H
#define TOOLS_SYSCTL_H

#include <netbsd/sysctl.h>
#include <rumprun/tool_sys.h>

struct sysctl {
	struct tool *sc_t;
	bool sc_all, sc_tables; /* -a, -A */
	bool sc_mib;		/* -M */
	bool sc_descr;		/* -d */
	bool sc_noname;		/* -n */
	bool sc_quiet;		/* -q */
	bool sc_write;		/* -w, -f */
	bool sc_raw;		/* -r */
	int sc_hex;		/* -x, -xx */
	const char *sc_sep;	/* " = ", or with -e "=" */
	int sc_status;
};

/* A node, and how to get at it. */
struct sysctl_at {
	struct sysctlnode sa_node;
	int sa_mib[CTL_MAXNAME];
	unsigned sa_len;
	char sa_name[256]; /* dotted */
};

#define NODE_TYPE(n) ((n)->sysctl_flags & SYSCTL_TYPEMASK)

/* sysctl_tree.c */
/* The nodes below a name, by number, in the arena; their count or a negative errno. */
int sysctl_children(
    struct tool *, const int *mib, unsigned len, struct sysctlnode **);
/*
 * By dotted name. 0; -ENOENT with *levelp the first level (1..) that is not there. The empty name is the root.
 */
int sysctl_find(
    struct tool *, const char *name, struct sysctl_at *, int *levelp);
void sysctl_below(
    const struct sysctl_at *, const struct sysctlnode *, struct sysctl_at *);
/* The value, NUL added, in the arena. */
int sysctl_get(struct tool *, const struct sysctl_at *, void **, size_t *);

/* sysctl_print.c */
/* A value as text in the arena; NULL: there is no text for it. */
char *sysctl_text(
    struct sysctl *, const struct sysctl_at *, const void *, size_t);
void sysctl_value(
    struct sysctl *, const struct sysctl_at *, const void *, size_t);
void sysctl_mibline(struct sysctl *, const struct sysctl_at *);

/* Port numbers that there are: the size in bits of anonportalgo.reserve. */
#define SYSCTL_PORTS 65536

#endif
