/* SPDX-License-Identifier: BSD-2-Clause */
/* disklabel -e: the label as text in a file of the kernel, given to $EDITOR until it is in order. */
#include "disklabel/disklabel.h"
#include <inttypes.h>
#include <netbsd/time.h>
#include <rumprun/tool_host.h>
#include <stdlib.h>
#include <string.h>

#define MOST_WORDS 32
#define TRIES 100
#define MOST_TEXT ((size_t)1024 * 1024)

struct edit {
	struct dl *dl;
	const char *path;
	bool host; /* it is a file of the host, where the editor is a program of the host */
};

static void
forget(struct tool *t, void *arg)
{
	struct edit *e = arg;

	if (e->path != NULL && e->host)
		t_host_untemp(t, e->path);
	else if (e->path != NULL)
		(void)sys_unlink(t, e->path);
	e->path = NULL;
}

/* A new file in $TMPDIR, /tmp, or at the root, where the kernel has no such folder. */
static int
make_file(struct edit *e)
{
	struct tool *t = e->dl->t;
	const char *dirs[3] = { t_getenv(t, "TMPDIR"), "/tmp", "" };
	struct timespec now = { 0, 0 };
	int fd = -ENOENT;

	(void)sys_clock_gettime(t, CLOCK_REALTIME, &now);
	for (unsigned d = 0; d < 3; d++) {
		if (dirs[d] == NULL)
			continue;
		for (unsigned i = 0; i < TRIES; i++) {
			char *path = t_asprintf(t, "%s/EdDk.%d.%08" PRIx32,
			    dirs[d], sys_getpid(t), (uint32_t)(now.tv_nsec + i));

			fd = sys_open(t, path, O_RDWR | O_CREAT | O_EXCL, 0600);
			if (fd >= 0) {
				e->path = path;
				return fd;
			}
			if (fd != -EEXIST)
				break;
		}
	}
	return fd;
}

static void
print_to(struct edit *e)
{
	struct tool *t = e->dl->t;
	struct dl_text text = { .t = t };
	ssize_t got = 0;
	int fd;

	dl_print(e->dl, &text, &e->dl->label);
	/* Only a kernel of this process has editors of its own. */
	e->host = t->t_sys->attach == NULL;
	fd = e->host ? t_host_temp(t, "label", text.s, text.len, &e->path) :
		       make_file(e);
	if (fd < 0)
		t_fail(t, DL_SYSTEM, fd, "can't make a temporary file");
	for (size_t at = 0; !e->host && at < text.len; at += (size_t)got) {
		got = sys_write(t, fd, text.s + at, text.len - at);
		if (got <= 0)
			t_fail(t, DL_SYSTEM, got < 0 ? (int)got : EIO, "%s",
			    e->path);
	}
	if (!e->host)
		sys_close(t, fd);
	t_free(t, text.s);
}

/* The text as the editor left it. */
static char *
text_of(struct edit *e)
{
	struct tool *t = e->dl->t;
	void *data;
	size_t size;
	char *text;
	int fd, error;

	if (e->host) {
		error = t_host_read(t, e->path, MOST_TEXT, &data, &size);
		if (error != 0)
			t_fail(t, DL_SYSTEM, error, "%s", e->path);
		text = t_calloc(t, 1, size + 1);
		memcpy(text, data, size);
		t_free(t, data);
		return text;
	}
	fd = sys_open(t, e->path, O_RDONLY, 0);
	if (fd < 0)
		t_fail(t, DL_SYSTEM, fd, "%s", e->path);
	text = dl_read_text(e->dl, fd, e->path);
	sys_close(t, fd);
	return text;
}

/* $EDITOR may have options. */
static int
editor(struct edit *e)
{
	struct tool *t = e->dl->t;
	const char *name = t_getenv(t, "EDITOR");
	char *words[MOST_WORDS + 2], *s;
	int n = 0, status;

	if (name == NULL || *name == '\0')
		name = "vi";
	for (s = t_strdup(t, name); n < MOST_WORDS;) {
		s += strspn(s, " \t");
		if (*s == '\0')
			break;
		words[n++] = s;
		s += strcspn(s, " \t");
		if (*s != '\0')
			*s++ = '\0';
	}
	if (n == 0)
		words[n++] = t_strdup(t, "vi");
	words[n++] = t_strdup(t, e->path);
	words[n] = NULL;
	t_flush(t->t_out);
	status = t->t_sys->spawn(t->t_sysctx, t, words[0], words);
	if (status < 0) {
		t_warn(t, status, "%s", words[0]);
		return 1;
	}
	if (status != 0)
		t_warnx(t, "%s: status %d", words[0], status & 0xff);
	return status;
}

static bool
again(struct tool *t)
{
	char *line;

	t_printf(t, "re-edit the label? [y]: ");
	t_flush(t->t_out);
	line = t_getline(t);
	if (line == NULL) {
		t_printf(t, "\n");
		return false;
	}
	return *line != 'n' && *line != 'N';
}

/* The file as it is now becomes the label; false: it is not in order. */
static bool
take(struct edit *e, struct disklabel *lp)
{
	struct tool *t = e->dl->t;
	char *text = text_of(e);
	bool ok;

	ok = dl_parse(e->dl, text, lp) == 0;
	t_free(t, text);
	return ok;
}

int
dl_edit(struct dl *dl)
{
	struct tool *t = dl->t;
	struct edit *e = t_calloc(t, 1, sizeof(*e));
	struct disklabel edited;
	int result = 1;

	e->dl = dl;
	t_atexit(t, forget, e);
	print_to(e);
	do {
		if (editor(e) != 0)
			break;
		if (!take(e, &edited))
			continue;
		/* what the text does not have */
		edited.d_subtype = dl->label.d_subtype;
		edited.d_acylinders = dl->label.d_acylinders;
		edited.d_sparespertrack = dl->label.d_sparespertrack;
		edited.d_sparespercyl = dl->label.d_sparespercyl;
		memcpy(
		    edited.d_spare, dl->label.d_spare, sizeof(edited.d_spare));
		dl->label = edited;
		result = dl_write(dl);
		if (result == 0)
			break;
	} while (again(t));
	forget(t, e);
	return result;
}
