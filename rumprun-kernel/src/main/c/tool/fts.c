/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fts(3), after its manual page.
 *
 * Entries carry their whole path, so there is no shared path buffer. A directory that is walked stays on the chain of
 * parents from its preorder to its postorder visit; siblings hang on fts_link and are freed as they are passed.
 *
 * The kernel takes paths of at most 1023 bytes. A directory so deep that its entries might be beyond that becomes an
 * anchor: the process changes to it, and below it fts_accpath is the rest of the path. The way back is a descriptor of
 * where it was before, which cannot go astray when directories are moved meanwhile.
 */
#include "tool/private.h"
#include <rumprun/tool_fts.h>
#include <string.h>

#define ANCHOR_AT \
	600 /* a path of this length and a name of 255 are well within a path */

struct tftsanchor {
	FTSENT *dir;
	int before;  /* descriptor of the directory before */
	size_t skip; /* of fts_path, what fts_accpath leaves out below */
	struct tftsanchor *next;
};

static bool
is_dot(const char *name)
{
	return name[0] == '.' &&
	    (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

/* An entry with its path: a directory's and a name, or the name alone. */
static FTSENT *
entry_create(FTS *f, FTSENT *parent, const char *name, size_t namelen)
{
	bool root = parent->fts_level == FTS_ROOTPARENTLEVEL;
	size_t dirlen = root ? 0 : parent->fts_pathlen;
	FTSENT *e;
	char *path;

	/* "/" and "dir/" as operands bring their own slash. */
	if (dirlen > 0 && parent->fts_path[dirlen - 1] == '/')
		dirlen--;
	e = t_malloc(f->fts_tool,
	    sizeof(*e) + sizeof(struct stat) + dirlen + namelen + 2);
	memset(e, 0, sizeof(*e));
	e->fts_statp = (struct stat *)(void *)(e + 1);
	memset(e->fts_statp, 0, sizeof(*e->fts_statp));
	path = (char *)(e->fts_statp + 1);
	e->fts_path = path;
	e->fts_accpath = path +
	    (f->fts_anchor != NULL ? f->fts_anchor->skip : 0);
	if (!root) {
		memcpy(path, parent->fts_path, dirlen);
		path[dirlen++] = '/';
	}
	memcpy(path + dirlen, name, namelen);
	path[dirlen + namelen] = '\0';
	e->fts_pathlen = dirlen + namelen;
	e->fts_name = path + dirlen;
	e->fts_namelen = namelen;
	e->fts_fts = f;
	e->fts_parent = parent;
	e->fts_level = parent->fts_level + 1;
	e->fts_instr = FTS_NOINSTR;
	return e;
}

static void
entry_free(FTS *f, FTSENT *e)
{
	t_free(f->fts_tool, e);
}

static void
list_free(FTS *f, FTSENT *e)
{
	FTSENT *next;

	for (; e != NULL; e = next) {
		next = e->fts_link;
		entry_free(f, e);
	}
}

/* Sets fts_info of a directory: FTS_DC where it is its own ancestor. */
static unsigned short
directory_info(FTSENT *e)
{
	FTSENT *up;

	if (is_dot(e->fts_name) && e->fts_level != FTS_ROOTLEVEL)
		return FTS_DOT;
	for (up = e->fts_parent; up->fts_level >= FTS_ROOTLEVEL;
	     up = up->fts_parent)
		if (up->fts_statp->st_ino == e->fts_statp->st_ino &&
		    up->fts_statp->st_dev == e->fts_statp->st_dev) {
			e->fts_cycle = up;
			return FTS_DC;
		}
	return FTS_D;
}

static unsigned short
look_at(FTS *f, FTSENT *e, bool follow)
{
	struct tool *t = f->fts_tool;
	int error;

	if (e->fts_dtype == DT_WHT && e->fts_level != FTS_ROOTLEVEL) {
		memset(e->fts_statp, 0, sizeof(*e->fts_statp));
		e->fts_statp->st_mode = S_IFWHT;
		return FTS_W;
	}
	if ((f->fts_options & FTS_LOGICAL) != 0 || follow) {
		error = sys_stat(t, e->fts_accpath, e->fts_statp);
		if (error != 0) {
			if (sys_lstat(t, e->fts_accpath, e->fts_statp) == 0)
				return FTS_SLNONE;
			e->fts_errno = error;
			memset(e->fts_statp, 0, sizeof(*e->fts_statp));
			return FTS_NS;
		}
	} else if ((error = sys_lstat(t, e->fts_accpath, e->fts_statp)) != 0) {
		e->fts_errno = error;
		memset(e->fts_statp, 0, sizeof(*e->fts_statp));
		return FTS_NS;
	}
	switch (e->fts_statp->st_mode & S_IFMT) {
	case S_IFDIR:
		return directory_info(e);
	case S_IFLNK:
		return FTS_SL;
	case S_IFREG:
		return FTS_F;
	default:
		return FTS_DEFAULT;
	}
}

/* --- anchors --- */

static int
anchor_drop(FTS *f, FTSENT *dir)
{
	struct tftsanchor *a = f->fts_anchor;
	struct tool *t = f->fts_tool;
	int error;

	if (a == NULL || a->dir != dir)
		return 0;
	error = sys_fchdir(t, a->before);
	sys_close(t, a->before);
	f->fts_anchor = a->next;
	t_free(t, a);
	return error;
}

/* True when the directory's own path may now be written ".". */
static bool
anchor_make(FTS *f, FTSENT *dir)
{
	struct tftsanchor *a = f->fts_anchor;
	struct tool *t = f->fts_tool;
	size_t n = dir->fts_pathlen;
	int fd;

	if (a != NULL && a->dir == dir)
		return true;
	if ((f->fts_options & FTS_NOCHDIR) != 0 ||
	    strlen(dir->fts_accpath) < ANCHOR_AT)
		return false;
	fd = sys_open(t, ".", O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return false;
	if (sys_chdir(t, dir->fts_accpath) != 0) {
		sys_close(t, fd);
		return false;
	}
	a = t_malloc(t, sizeof(*a));
	a->dir = dir;
	a->before = fd;
	a->skip = n + (dir->fts_path[n - 1] != '/');
	a->next = f->fts_anchor;
	f->fts_anchor = a;
	return true;
}

/* --- sorting: merging lists, so that equal entries keep their order and nothing recurses deeply --- */

static FTSENT *
merge(FTS *f, FTSENT *a, FTSENT *b)
{
	FTSENT *head = NULL, **tail = &head;

	while (a != NULL && b != NULL) {
		const FTSENT *pa = a, *pb = b;

		if (f->fts_compar(&pa, &pb) <= 0) {
			*tail = a;
			tail = &a->fts_link;
			a = a->fts_link;
		} else {
			*tail = b;
			tail = &b->fts_link;
			b = b->fts_link;
		}
	}
	*tail = a != NULL ? a : b;
	return head;
}

static FTSENT *
sort(FTS *f, FTSENT *list)
{
	FTSENT *bin[48], *one;
	int i, n = 0;

	if (f->fts_compar == NULL)
		return list;
	while ((one = list) != NULL) {
		list = one->fts_link;
		one->fts_link = NULL;
		for (i = 0; i < n && bin[i] != NULL; i++) {
			one = merge(f, bin[i], one);
			bin[i] = NULL;
		}
		if (i == n)
			n++;
		bin[i] = one;
	}
	one = NULL;
	for (i = 0; i < n; i++)
		if (bin[i] != NULL)
			one = merge(f, bin[i], one);
	return one;
}

FTS *
fts_open(struct tool *t, char *const *argv, int options, fts_compare *compar)
{
	return fts_open_client(t, argv, options, compar, NULL);
}

FTS *
fts_open_client(struct tool *t, char *const *argv, int options,
    fts_compare *compar, void *client)
{
	FTS *f = t_calloc(t, 1, sizeof(*f));
	FTSENT *head = NULL, **tail = &head, *e, *up;
	size_t len;

	f->fts_tool = t;
	f->fts_compar = compar;
	f->fts_client = client;
	f->fts_options = options;
	up = t_calloc(t, 1, sizeof(*up));
	up->fts_level = FTS_ROOTPARENTLEVEL;
	up->fts_fts = f;
	f->fts_root = up;
	for (; *argv != NULL; argv++) {
		len = strlen(*argv);
		e = entry_create(f, up, *argv, len);
		if (len == 0) {
			e->fts_info = FTS_NS;
			e->fts_errno = -ENOENT;
		} else
			e->fts_info = look_at(
			    f, e, (options & FTS_COMFOLLOW) != 0);
		/* "." and ".." are directories like others as operands. */
		if (e->fts_info == FTS_DOT)
			e->fts_info = FTS_D;
		*tail = e;
		tail = &e->fts_link;
	}
	if (head != NULL && head->fts_link != NULL)
		head = sort(f, head);
	/* Reading starts with what follows this entry. */
	e = t_calloc(t, 1, sizeof(*e) + sizeof(struct stat));
	e->fts_statp = (struct stat *)(void *)(e + 1);
	e->fts_info = FTS_INIT;
	e->fts_parent = up;
	e->fts_link = head;
	e->fts_fts = f;
	f->fts_cur = e;
	return f;
}

/*
 * Whoever walks by changing directories must find the way back: ".." of a directory below the operands has to be its
 * parent. Stops the walk where it is not.
 */
static bool
way_back(FTS *f, FTSENT *dir)
{
	struct tool *t = f->fts_tool;
	const struct stat *up = dir->fts_parent->fts_statp;
	struct stat st;
	char *path;
	int error;

	if ((f->fts_options & FTS_NOCHDIR) != 0 ||
	    dir->fts_level <= FTS_ROOTLEVEL)
		return true;
	path = t_asprintf(t, "%s/..",
	    f->fts_anchor != NULL && f->fts_anchor->dir == dir ?
		"." :
		dir->fts_accpath);
	error = sys_stat(t, path, &st);
	t_free(t, path);
	if (error == 0 && (f->fts_options & FTS_LOGICAL) == 0 &&
	    (st.st_dev != up->st_dev || st.st_ino != up->st_ino))
		error = -ENOENT;
	if (error == 0)
		return true;
	dir->fts_errno = f->fts_errno = error;
	dir->fts_info = FTS_ERR;
	f->fts_options |= FTS_STOP;
	return false;
}

/* The entries of a directory; an error goes to the directory's entry. */
static FTSENT *
build(FTS *f, FTSENT *dir, int options, bool children)
{
	struct tool *t = f->fts_tool;
	FTSENT *head = NULL, **tail = &head, *e;
	struct dirent *de;
	struct tdir *d;
	int error;

	f->fts_errno = 0;
	error = t_opendir(t, anchor_make(f, dir) ? "." : dir->fts_accpath, &d);
	if (error != 0) {
		dir->fts_errno = f->fts_errno = error;
		dir->fts_info = FTS_DNR;
		return NULL;
	}
	while ((de = t_readdir(d)) != NULL) {
		if ((f->fts_options & FTS_SEEDOT) == 0 && is_dot(de->d_name))
			continue;
		if (de->d_type == DT_WHT && (f->fts_options & FTS_WHITEOUT) == 0)
			continue;
		/* A name that leads elsewhere comes from a damaged or hostile file system. */
		if (strchr(de->d_name, '/') != NULL || de->d_name[0] == '\0')
			continue;
		e = entry_create(f, dir, de->d_name, strlen(de->d_name));
		e->fts_dtype = de->d_type;
		if ((options & FTS_NAMEONLY) != 0 ||
		    ((f->fts_options & FTS_NOSTAT) != 0 &&
			de->d_type != DT_DIR && de->d_type != DT_UNKNOWN &&
			(de->d_type != DT_LNK ||
			    (f->fts_options & FTS_LOGICAL) == 0)))
			e->fts_info = FTS_NSOK;
		else
			e->fts_info = look_at(f, e, false);
		*tail = e;
		tail = &e->fts_link;
	}
	t_closedir(d);
	if ((children || head == NULL) && !way_back(f, dir)) {
		list_free(f, head);
		return NULL;
	}
	if (head != NULL && head->fts_link != NULL)
		head = sort(f, head);
	return head;
}

/* What to do for an entry that is about to be given out. */
static FTSENT *
arrive(FTS *f, FTSENT *e)
{
	f->fts_cur = e;
	if (e->fts_level == FTS_ROOTLEVEL)
		f->fts_dev = e->fts_statp->st_dev;
	if (e->fts_instr == FTS_FOLLOW) {
		e->fts_info = look_at(f, e, true);
		e->fts_instr = FTS_NOINSTR;
	}
	return e;
}

/* Back from an anchor whose directory is done with; without a way back there is no going on. */
static void
stay(FTS *f, FTSENT *dir)
{
	int error = anchor_drop(f, dir);

	if (error == 0)
		return;
	dir->fts_errno = f->fts_errno = error;
	dir->fts_info = FTS_ERR;
	f->fts_options |= FTS_STOP;
}

/* On from an entry that is done with: its next sibling, or back to its directory. */
static FTSENT *
leave(FTS *f, FTSENT *e)
{
	FTSENT *up = e->fts_parent, *next;

	for (;;) {
		next = e->fts_link;
		entry_free(f, e);
		if (next == NULL)
			break;
		if (next->fts_instr != FTS_SKIP)
			return arrive(f, next);
		e = next;
	}
	f->fts_cur = NULL;
	if (up == f->fts_root)
		return NULL;
	f->fts_cur = up;
	if (!way_back(f, up))
		return NULL;
	stay(f, up);
	if ((f->fts_options & FTS_STOP) != 0)
		return NULL;
	up->fts_info = up->fts_errno != 0 ? FTS_ERR : FTS_DP;
	return up;
}

FTSENT *
fts_read(FTS *f)
{
	FTSENT *e = f->fts_cur, *next;

	if (e == NULL || (f->fts_options & FTS_STOP) != 0)
		return NULL;
	f->fts_errno = 0;
	if (e->fts_instr == FTS_AGAIN) {
		e->fts_instr = FTS_NOINSTR;
		e->fts_info = look_at(f, e, false);
		return e;
	}
	if (e->fts_instr == FTS_FOLLOW &&
	    (e->fts_info == FTS_SL || e->fts_info == FTS_SLNONE)) {
		e->fts_instr = FTS_NOINSTR;
		e->fts_info = look_at(f, e, true);
		return e;
	}
	if (e->fts_info == FTS_D) {
		if (e->fts_instr == FTS_SKIP ||
		    ((f->fts_options & FTS_XDEV) != 0 &&
			e->fts_statp->st_dev != f->fts_dev)) {
			list_free(f, f->fts_child);
			f->fts_child = NULL;
			e->fts_instr = FTS_NOINSTR;
			e->fts_info = FTS_DP;
			stay(f, e);
			return (f->fts_options & FTS_STOP) != 0 ? NULL : e;
		}
		next = f->fts_child;
		f->fts_child = NULL;
		/* A list of names only was for the caller's eyes. */
		if (next != NULL && next->fts_info == FTS_NSOK &&
		    (f->fts_options & FTS_NOSTAT) == 0) {
			list_free(f, next);
			next = NULL;
		}
		if (next == NULL)
			next = build(f, e, 0, false);
		if (next == NULL) {
			if ((f->fts_options & FTS_STOP) != 0)
				return NULL;
			if (e->fts_info != FTS_DNR)
				e->fts_info = FTS_DP;
			stay(f, e);
			return (f->fts_options & FTS_STOP) != 0 ? NULL : e;
		}
		return arrive(f, next);
	}
	return leave(f, e);
}

FTSENT *
fts_children(FTS *f, int options)
{
	FTSENT *e = f->fts_cur;
	unsigned short info;
	int error;

	if (e == NULL || (f->fts_options & FTS_STOP) != 0)
		return NULL;
	if (e->fts_info == FTS_INIT)
		return e->fts_link;
	if (e->fts_info != FTS_D)
		return NULL;
	f->fts_errno = 0;
	list_free(f, f->fts_child);
	/* A directory that cannot be read is for fts_read to report. */
	info = e->fts_info;
	error = e->fts_errno;
	f->fts_child = build(f, e, options, true);
	e->fts_info = info;
	e->fts_errno = error;
	return f->fts_child;
}

void
fts_set(FTS *f, FTSENT *e, int instr)
{
	(void)f;
	e->fts_instr = (unsigned short)instr;
}

void
fts_close(FTS *f)
{
	FTSENT *e = f->fts_cur, *up;

	list_free(f, f->fts_child);
	while (f->fts_anchor != NULL)
		anchor_drop(f, f->fts_anchor->dir);
	while (e != NULL && e != f->fts_root) {
		up = e->fts_parent;
		list_free(f, e);
		e = up;
	}
	entry_free(f, f->fts_root);
	t_free(f->fts_tool, f);
}
