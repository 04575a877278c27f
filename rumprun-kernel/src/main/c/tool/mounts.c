/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tools for mounting share: -o lists, the table of mounts, /etc/fstab. */
#include "tool/private.h"
#include <netbsd/mount.h>
#include <stdlib.h>
#include <string.h>

struct tmntopts {
	size_t count;
	char **words; /* in order, "name" or "name=value" */
};

/* An entry that matches the word up to its '=', where it has one. */
static const struct tmntopt *
lookup(const struct tmntopt *table, const char *word)
{
	size_t n = strcspn(word, "=");

	for (; table->m_option != NULL; table++)
		if (strlen(table->m_option) == n &&
		    memcmp(table->m_option, word, n) == 0)
			return table;
	return NULL;
}

struct tmntopts *
t_getmntopts(struct tool *t, const char *optlist, const struct tmntopt *table,
    int *flagp, int *altflagp)
{
	struct tmntopts *m = t_calloc(t, 1, sizeof(*m));
	char *list = t_strdup(t, optlist), *next, *word;
	const struct tmntopt *e;
	bool negative;
	int *to;

	for (word = list; word != NULL; word = next) {
		next = strchr(word, ',');
		if (next != NULL)
			*next++ = '\0';
		if (*word == '\0')
			continue;
		m->words = t_realloc(
		    t, m->words, (m->count + 1) * sizeof(m->words[0]));
		m->words[m->count++] = word;
		negative = strncmp(word, "no", 2) == 0;
		e = NULL;
		if (negative)
			e = lookup(table, word + 2);
		if (e == NULL && (e = lookup(table, word)) != NULL)
			negative = false;
		/* Options of the fstab that are nobody's flag. */
		if (e == NULL)
			t_errx(t, 1, "-o %s: option not supported",
			    negative ? word + 2 : word);
		to = e->m_altloc ? altflagp : flagp;
		if (to == NULL)
			continue;
		if (negative == (e->m_inverse != 0))
			*to |= e->m_flag;
		else
			*to &= ~e->m_flag;
	}
	return m;
}

const char *
t_getmntoptstr(const struct tmntopts *m, const char *name)
{
	const char *value = NULL;
	size_t i, n = strlen(name);

	for (i = 0; m != NULL && i < m->count; i++)
		if (strncmp(m->words[i], name, n) == 0) {
			if (m->words[i][n] == '=')
				value = m->words[i] + n + 1;
			else if (m->words[i][n] == '\0')
				value = "";
		}
	return value;
}

int
t_getmntinfo(struct tool *t, struct statvfs **out, int flags)
{
	struct statvfs *buf = NULL;
	int n, have = 0, i;

	*out = NULL;
	n = sys_getvfsstat(t, NULL, 0, ST_NOWAIT);
	/* Others may mount meanwhile. */
	while (n >= 0 && (have == 0 || n >= have)) {
		if (n > 1 << 16)
			return -ENOMEM;
		have = n + 4;
		buf = t_realloc(t, buf, (size_t)have * sizeof(*buf));
		n = sys_getvfsstat(t, buf, (size_t)have * sizeof(*buf), flags);
	}
	if (n < 0)
		return n;
	for (i = 0; i < n; i++) {
		buf[i].f_fstypename[sizeof(buf[i].f_fstypename) - 1] = '\0';
		buf[i].f_mntonname[sizeof(buf[i].f_mntonname) - 1] = '\0';
		buf[i].f_mntfromname[sizeof(buf[i].f_mntfromname) - 1] = '\0';
	}
	*out = buf;
	return n;
}

/* --- /etc/fstab --- */

#define FSTAB "/etc/fstab"
#define FSTAB_MAX (1u << 20)

/* The file in the arena, or an error. */
static int
fstab_read(struct tool *t, char **textp)
{
	size_t len = 0, size = 4096;
	char *text;
	ssize_t n;
	int fd;

	fd = sys_open(t, FSTAB, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	text = t_malloc(t, size);
	while ((n = sys_read(t, fd, text + len, size - len - 1)) > 0) {
		len += (size_t)n;
		if (len + 1 == size) {
			if (size >= FSTAB_MAX)
				break;
			text = t_realloc(t, text, size *= 2);
		}
	}
	sys_close(t, fd);
	if (n < 0)
		return (int)n;
	text[len] = '\0';
	*textp = text;
	return 0;
}

static char *
next_word(char **sp)
{
	char *s = *sp + strspn(*sp, " \t");
	char *end = s + strcspn(s, " \t");

	if (*s == '\0')
		return NULL;
	*sp = *end != '\0' ? end + 1 : end;
	*end = '\0';
	return s;
}

/* Blanks in names stand as \040 and the like. */
static void
unescape(char *s)
{
	char *to = s;

	while (*s != '\0') {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' &&
		    s[2] <= '7' && s[3] >= '0' && s[3] <= '7') {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 |
			    (s[3] - '0'));
			s += 4;
		} else
			*to++ = *s++;
	}
	*to = '\0';
}

static const char *
type_of(const char *options)
{
	static const char types[][3] = { "rw", "rq", "ro", "sw", "dp", "xx" };
	size_t i, n;

	for (; *options != '\0'; options += n + (options[n] == ',')) {
		n = strcspn(options, ",");
		if (n != 2)
			continue;
		for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
			if (memcmp(types[i], options, 2) == 0)
				return types[i];
	}
	return NULL;
}

/* False when the line is no entry; a broken one is named. */
static bool
fstab_line(struct tool *t, char *line, unsigned long lineno, struct tfstab *fs)
{
	char *word;

	line += strspn(line, " \t");
	if (*line == '#' || *line == '\0')
		return false;
	memset(fs, 0, sizeof(*fs));
	fs->fs_spec = next_word(&line);
	fs->fs_file = next_word(&line);
	fs->fs_vfstype = next_word(&line);
	fs->fs_mntops = next_word(&line);
	if (fs->fs_mntops == NULL) {
		t_warnx(t, "%s, %lu: Missing fields", FSTAB, lineno);
		return false;
	}
	unescape(fs->fs_spec);
	unescape(fs->fs_file);
	if ((word = next_word(&line)) != NULL)
		fs->fs_freq = (int)strtol(word, NULL, 10);
	if (word != NULL && (word = next_word(&line)) != NULL)
		fs->fs_passno = (int)strtol(word, NULL, 10);
	fs->fs_type = type_of(fs->fs_mntops);
	if (fs->fs_type == NULL) {
		t_warnx(t, "%s, %lu: Missing type in options", FSTAB, lineno);
		return false;
	}
	return true;
}

int
t_getfstab(struct tool *t, bool quiet, struct tfstab **out)
{
	struct tfstab *table = NULL;
	char *line = NULL, *next;
	unsigned long lineno = 0;
	size_t count = 0;
	int error;

	*out = NULL;
	error = fstab_read(t, &line);
	if (error != 0) {
		if (!quiet)
			t_warn(t, error, "Cannot open `%s'", FSTAB);
		return error;
	}
	for (; *line != '\0'; line = next) {
		next = line + strcspn(line, "\n");
		if (*next != '\0')
			*next++ = '\0';
		lineno++;
		table = t_realloc(t, table, (count + 1) * sizeof(*table));
		if (fstab_line(t, line, lineno, &table[count]))
			count++;
	}
	*out = table;
	return (int)count;
}
