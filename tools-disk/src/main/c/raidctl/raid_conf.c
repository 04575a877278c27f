/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Configuration files of RAID sets: sections that begin with START, in any order. What a section holds is on the lines behind its
 * start, comments and empty lines left out; a section that is short takes what follows it.
 */
#include "raidctl/raidctl.h"
#include <ctype.h>
#include <inttypes.h>
#include <netbsd/fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONF_MAX ((size_t)1 << 20)

struct conf {
	struct tool *t;
	const char *file;
	char **lines; /* not empty, no comments, no blanks around */
	size_t n;
};

/* --- lines ---------------------------------------------------------------------- */

/* A comment begins a line or stands behind a blank, so that names may have a # inside. */
static char *
trim(char *line)
{
	size_t n;

	for (char *p = line; *p != '\0'; p++)
		if (*p == '#' &&
		    (p == line || isspace((unsigned char)p[-1]) != 0)) {
			*p = '\0';
			break;
		}
	while (isspace((unsigned char)*line) != 0)
		line++;
	n = strlen(line);
	while (n > 0 && isspace((unsigned char)line[n - 1]) != 0)
		line[--n] = '\0';
	return line;
}

static void
split(struct conf *c, char *text)
{
	size_t lines = 1;

	for (const char *p = text; (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	c->lines = t_calloc(c->t, lines, sizeof(*c->lines));
	c->n = 0;
	while (text != NULL) {
		char *next = strchr(text, '\n'), *line;

		if (next != NULL)
			*next++ = '\0';
		line = trim(text);
		if (*line != '\0')
			c->lines[c->n++] = line;
		text = next;
	}
}

static const char *
word(const char *s)
{
	while (isspace((unsigned char)*s) != 0)
		s++;
	return s;
}

/* Whether a line is START with that name. */
static bool
starts(const char *line, const char *section)
{
	size_t n = strlen(section);

	if (strncmp(line, "START", 5) != 0 ||
	    isspace((unsigned char)line[5]) == 0)
		return false;
	line = word(line + 5);
	return strncmp(line, section, n) == 0 &&
	    (line[n] == '\0' || isspace((unsigned char)line[n]) != 0);
}

/* The first line behind a section's start; 0 when there is no such section. */
static size_t
find(const struct conf *c, const char *section)
{
	for (size_t i = 0; i < c->n; i++)
		if (starts(c->lines[i], section))
			return i + 1;
	return 0;
}

static size_t
need(const struct conf *c, const char *section)
{
	size_t at = find(c, section);

	if (at == 0)
		t_eprintf(c->t,
		    "Unable to find start of \"%s\" params in config file %s\n",
		    section, c->file);
	return at;
}

/* The next number of *s, which is advanced; false: none, or out of range. */
static bool
take(const char **s, int64_t min, int64_t max, int64_t *out)
{
	char *end;
	long long v = strtoll(*s, &end, 10);

	if (end == *s || v < min || v > max ||
	    (*end != '\0' && isspace((unsigned char)*end) == 0))
		return false;
	*s = end;
	*out = v;
	return true;
}

static bool
wrong(const struct conf *c, const char *section, const char *line)
{
	t_eprintf(c->t, "Bad \"%s\" params in config file %s: %s\n", section,
	    c->file, line);
	return false;
}

/* --- sections ------------------------------------------------------------------- */

static bool
array(const struct conf *c, struct RF_Config_s *rc)
{
	size_t at = need(c, "array");
	int64_t row, col, spare;
	const char *s;

	if (at == 0)
		return false;
	s = at < c->n ? c->lines[at] : "";
	/* The driver has sets of one row only. */
	if (!take(&s, 1, 1, &row) || !take(&s, 1, RF_MAXCOL, &col) ||
	    !take(&s, 0, RF_MAXSPARE, &spare))
		return wrong(c, "array", at < c->n ? c->lines[at] : "(end)");
	rc->numRow = (int32_t)row;
	rc->numCol = (int32_t)col;
	rc->numSpare = (int32_t)spare;
	return true;
}

static bool
name(const struct conf *c, size_t at, char out[RAID_NAME])
{
	if (at >= c->n || strlen(c->lines[at]) >= RAID_NAME)
		return false;
	memcpy(out, c->lines[at], strlen(c->lines[at]) + 1);
	return true;
}

static bool
disks(const struct conf *c, struct RF_Config_s *rc)
{
	size_t at = find(c, "drives");

	if (at == 0)
		at = need(c, "disks");
	if (at == 0)
		return false;
	for (int i = 0; i < rc->numCol; i++)
		if (!name(c, at + (size_t)i, rc->devnames[0][i])) {
			t_eprintf(c->t,
			    "Unable to get device file for disk at row %d col "
			    "%d\n",
			    0, i);
			return false;
		}
	at = rc->numSpare > 0 ? need(c, "spare") : 1;
	if (at == 0)
		return false;
	for (int i = 0; i < rc->numSpare; i++)
		if (!name(c, at + (size_t)i, rc->spare_names[i])) {
			t_eprintf(c->t,
			    "Unable to get device file for spare disk %d\n", i);
			return false;
		}
	return true;
}

static bool
layout(const struct conf *c, struct RF_Config_s *rc)
{
	size_t at = need(c, "layout");
	const char *s;

	if (at == 0)
		return false;
	s = at < c->n ? c->lines[at] : "";
	if (!take(&s, 1, INT32_MAX, &rc->sectPerSU) ||
	    !take(&s, 1, INT32_MAX, &rc->SUsPerPU) ||
	    !take(&s, 1, INT32_MAX, &rc->SUsPerRU))
		return wrong(c, "layout", at < c->n ? c->lines[at] : "(end)");
	s = word(s);
	if (*s == '\0' || strchr("0145", *s) == NULL ||
	    (s[1] != '\0' && isspace((unsigned char)s[1]) == 0)) {
		t_eprintf(c->t, "Unknown parity config '%.*s'\n",
		    (int)strcspn(s, " \t"), s);
		return false;
	}
	rc->parityConfig = (int8_t)*s;
	return true;
}

static bool
queue(const struct conf *c, struct RF_Config_s *rc)
{
	size_t at = need(c, "queue"), n;
	const char *s;
	int64_t max;

	if (at == 0)
		return false;
	s = at < c->n ? c->lines[at] : "";
	n = strcspn(s, " \t");
	if (n >= sizeof(rc->diskQueueType))
		return wrong(c, "queue", "too long");
	memcpy(rc->diskQueueType, s, n);
	s += n;
	/* The number is a char of the driver's. */
	if (n == 0 || !take(&s, 1, INT8_MAX, &max))
		return wrong(c, "queue", at < c->n ? c->lines[at] : "(end)");
	rc->maxOutstandingDiskReqs = (char)max;
	return true;
}

/* Optional: each line is a variable of the driver's and its value. */
static bool
debug(const struct conf *c, struct RF_Config_s *rc)
{
	size_t at = find(c, "debug");
	int n = 0;

	if (at == 0)
		return true;
	for (; at < c->n && strncmp(c->lines[at], "START", 5) != 0; at++) {
		if (n >= RF_MAXDBGV || !name(c, at, rc->debugVars[n]))
			return wrong(c, "debug", c->lines[at]);
		n++;
	}
	return true;
}

bool
raid_parse(struct tool *t, char *text, const char *file, struct RF_Config_s *rc)
{
	struct conf c = { .t = t, .file = file };
	bool ok;

	memset(rc, 0, sizeof(*rc));
	split(&c, text);
	ok = array(&c, rc) && disks(&c, rc) && layout(&c, rc) &&
	    queue(&c, rc) && debug(&c, rc);
	t_free(t, c.lines);
	return ok;
}

/* --- files ---------------------------------------------------------------------- */

/* The whole of it, ended by a NUL; a NUL inside ends it too. NULL: unreadable or too long. */
static char *
read_all(struct tool *t, int fd)
{
	size_t n = 0, room = 4096;
	char *text = t_malloc(t, room);

	for (;;) {
		ssize_t got = fd < 0 ? t_stdin_read(t, text + n, room - n - 1) :
				       sys_read(t, fd, text + n, room - n - 1);

		if (got < 0 || n + (size_t)got > CONF_MAX)
			return NULL;
		if (got == 0)
			break;
		n += (size_t)got;
		if (room - n < 2)
			text = t_realloc(t, text, room *= 2);
	}
	text[n] = '\0';
	return text;
}

int
raid_read_config(
    struct tool *t, const char *file, struct RF_Config_s *rc, bool *failed)
{
	int fd = -1;
	char *text;

	*failed = true;
	if (strcmp(file, "-") != 0) {
		fd = sys_open(t, file, O_RDONLY, 0);
		if (fd < 0) {
			t_eprintf(t, "Can't open config file %s\n", file);
			return 0;
		}
	}
	text = read_all(t, fd);
	if (fd >= 0)
		sys_close(t, fd);
	if (text == NULL) {
		t_eprintf(t, "Can't read config file %s\n", file);
		return EIO;
	}
	*failed = !raid_parse(t, text, file, rc);
	return *failed ? EINVAL : 0;
}

void
raid_print_config(struct raidctl *rc)
{
	struct RF_DeviceConfig_s *c = raid_info(rc);
	struct RF_ComponentLabel_s label;
	struct tool *t = rc->t;
	int i;

	/* The layout is in the label of a component that works. */
	for (i = 0; i < c->ndevs - 1; i++)
		if (c->devs[i].status == rf_ds_optimal)
			break;
	raid_get_label(rc, i, &label);
	t_printf(t, "# raidctl config file for %s\n\nSTART array\n", rc->name);
	t_printf(t, "# numRow numCol numSpare\n%u %u %d\n\nSTART disks\n",
	    c->rows, c->cols, c->nspares);
	for (i = 0; i < c->ndevs; i++)
		t_printf(t, "%s\n", c->devs[i].devname);
	if (c->nspares > 0)
		t_printf(t, "\nSTART spare\n");
	for (i = 0; i < c->nspares; i++)
		t_printf(t, "%s\n", c->spares[i].devname);
	t_printf(t,
	    "\nSTART layout\n# sectPerSU SUsPerParityUnit SUsPerReconUnit "
	    "RAID_level_%c\n%d %d %d %c\n",
	    label.parityConfig, label.sectPerSU, label.SUsPerPU, label.SUsPerRU,
	    label.parityConfig);
	t_printf(t, "\nSTART queue\nfifo %u\n", c->maxqdepth);
}
