/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guarded mappings. Contract: host/guard.h.
 *
 * The library has no writable data, so what the handler must know stands in the process's memory itself: in front of each mapping is a page of a memory
 * file with a name of its own, by which /proc/self/maps tells it. The handler reads that list (open, read and mmap may be called in handlers), and finds there
 * the mapping that the address is in, and whose handler was there before.
 *
 * Installing and removing is serialized by the dynamic linker: it calls a callback of dl_iterate_phdr with its own lock held.
 */
#include "host/hostonly.h"
#include "host/guard.h"
#include <link.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>

#define PREFIX "/memfd:"
#define NAME "rumprun-guard-"
#define DIGITS (sizeof(uintptr_t) * 2)
#define LISTED (sizeof(PREFIX NAME) - 1 + DIGITS)

struct guard {
	bool installed;
	struct sigaction before;
	_Atomic int lost;
};

static void on_sigbus(int, siginfo_t *, void *);

/* There may be two copies of this library in a process: the name ends with our handler's address. */
static void
make_name(char name[LISTED + 1])
{
	uintptr_t v = (uintptr_t)on_sigbus;

	memcpy(name, PREFIX NAME, sizeof(PREFIX NAME) - 1);
	for (size_t i = 0; i < DIGITS; i++, v >>= 4)
		name[LISTED - 1 - i] = "0123456789abcdef"[v & 15];
	name[LISTED] = '\0';
}

static size_t
page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static struct guard *
guard_of(const void *mem)
{
	return (struct guard *)((uintptr_t)mem - page_size());
}

/* --- the list of mappings --- */

/* A line of it: "start-end perms offset device inode   name". */
struct line {
	uintptr_t start, end;
	int field;
	bool second;  /* behind the '-' */
	size_t match; /* characters of our name that were found */
	bool differs;
};

struct search {
	char name[LISTED + 1];
	uintptr_t addr;
	struct guard *skip; /* is not to be found */
	struct guard *last; /* of the line before, which ends at last_end */
	uintptr_t last_end;
	/* What was found: the guard of addr's mapping with its place, and any guard of ours. */
	struct guard *hit, *any;
	uintptr_t start, end;
};

static void
take_digit(struct line *l, char c)
{
	uintptr_t *to = l->second ? &l->end : &l->start;

	if (c >= '0' && c <= '9')
		*to = *to << 4 | (uintptr_t)(c - '0');
	else if (c >= 'a' && c <= 'f')
		*to = *to << 4 | (uintptr_t)(c - 'a' + 10);
	else if (c == '-')
		l->second = true;
}

static void
end_line(struct search *s, const struct line *l)
{
	bool listed = l->match == LISTED;
	struct guard *g = (struct guard *)l->start;

	if (s->last != NULL && s->last_end == l->start && s->addr >= l->start &&
	    s->addr < l->end) {
		s->hit = s->last;
		s->start = l->start;
		s->end = l->end;
	}
	s->last = NULL;
	if (!listed || g == s->skip)
		return;
	s->last = s->any = g;
	s->last_end = l->end;
}

static void
take_char(struct search *s, struct line *l, char c)
{
	if (c == '\n') {
		end_line(s, l);
		memset(l, 0, sizeof(*l));
	} else if (l->field == 0) {
		if (c == ' ')
			l->field = 1;
		else
			take_digit(l, c);
	} else if (c == '/' || l->match > 0 || l->differs) {
		/* Nothing before a name has a '/' in it. */
		if (!l->differs && l->match < LISTED) {
			if (c == s->name[l->match])
				l->match++;
			else {
				l->differs = true;
				l->match = 0;
			}
		}
	}
}

static void
search(struct search *s)
{
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	struct line l;
	char buf[512];
	ssize_t n;

	make_name(s->name);
	memset(&l, 0, sizeof(l));
	if (fd == -1)
		return;
	while (
	    (n = read(fd, buf, sizeof(buf))) > 0 || (n == -1 && errno == EINTR))
		for (ssize_t i = 0; i < n; i++)
			take_char(s, &l, buf[i]);
	close(fd);
}

/* --- the handler --- */

/* To whom it is, as if we were not there. */
static void
pass_on(const struct guard *g, int sig, siginfo_t *si, void *context)
{
	struct sigaction before;

	if (g != NULL && (g->before.sa_flags & SA_SIGINFO) != 0) {
		g->before.sa_sigaction(sig, si, context);
		return;
	}
	if (g != NULL && g->before.sa_handler != SIG_DFL &&
	    g->before.sa_handler != SIG_IGN) {
		g->before.sa_handler(sig);
		return;
	}
	/* The access is done again, and nobody is in the way. */
	memset(&before, 0, sizeof(before));
	before.sa_handler = SIG_DFL;
	sigaction(SIGBUS, &before, NULL);
	if (si->si_code <= 0)
		(void)syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), sig);
}

static void
on_sigbus(int sig, siginfo_t *si, void *context)
{
	struct search s;
	int error = errno;
	bool done = false;

	memset(&s, 0, sizeof(s));
	if (si->si_code > 0)
		s.addr = (uintptr_t)si->si_addr;
	search(&s);
	if (s.hit != NULL &&
	    mmap((void *)s.start, s.end - s.start, PROT_READ | PROT_WRITE,
		MAP_FIXED | MAP_SHARED | MAP_ANONYMOUS, -1, 0) != MAP_FAILED) {
		atomic_store(&s.hit->lost, 1);
		done = true;
	}
	errno = error;
	if (!done)
		pass_on(s.any, sig, si, context);
}

/* --- coming and going --- */

/* A page that the list of mappings shows by name. -1: this host can't. */
static int
named_page(void *at, size_t page)
{
	char name[LISTED + 1];
	int fd, rc = -1;

	make_name(name);
	fd = (int)syscall(
	    SYS_memfd_create, name + sizeof(PREFIX) - 1, 1U /* MFD_CLOEXEC */);
	if (fd == -1)
		return -1;
	if (ftruncate(fd, (off_t)page) == 0 &&
	    mmap(at, page, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_SHARED, fd,
		0) != MAP_FAILED)
		rc = 0;
	close(fd);
	return rc;
}

static int
install(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct guard *g = arg;
	struct search s;
	struct sigaction sa;

	(void)info;
	(void)size;
	/* Without it the mapping is as good as one that is not guarded. */
	if (named_page(g, page_size()) != 0)
		return 1;
	memset(&sa, 0, sizeof(sa));
	sa.sa_sigaction = on_sigbus;
	sa.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
	sigemptyset(&sa.sa_mask);
	sigaction(SIGBUS, &sa, &g->before);
	if ((g->before.sa_flags & SA_SIGINFO) != 0 &&
	    g->before.sa_sigaction == on_sigbus) {
		memset(&s, 0, sizeof(s));
		s.skip = g;
		search(&s);
		if (s.any != NULL)
			g->before = s.any->before;
		else
			memset(&g->before, 0, sizeof(g->before));
	}
	g->installed = true;
	return 1;
}

static int
uninstall(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct guard *g = arg;
	struct search s;
	struct sigaction now;

	(void)info;
	(void)size;
	if (!g->installed)
		goto out;
	memset(&s, 0, sizeof(s));
	s.skip = g;
	search(&s);
	if (s.any == NULL && sigaction(SIGBUS, NULL, &now) == 0 &&
	    (now.sa_flags & SA_SIGINFO) != 0 && now.sa_sigaction == on_sigbus)
		sigaction(SIGBUS, &g->before, NULL);
out:
	/* Here, since others look at guards with the lock held. */
	munmap(g, page_size());
	return 1;
}

int
guard_map(int fd, size_t size, void **memp)
{
	size_t page = page_size();
	int error;
	char *base;

	/* A page in front, and none that joins with what stands behind. */
	base = mmap(NULL, page + size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (base == MAP_FAILED)
		return host_error(errno);
	if (mmap(base + page, size, PROT_READ | PROT_WRITE,
		MAP_FIXED | MAP_SHARED, fd, 0) == MAP_FAILED) {
		error = host_error(errno);
		munmap(base, page + size);
		return error;
	}
	dl_iterate_phdr(install, base);
	*memp = base + page;
	return 0;
}

void
guard_unmap(void *mem, size_t size)
{
	dl_iterate_phdr(uninstall, guard_of(mem));
	munmap(mem, size);
}

bool
guard_lost(const void *mem)
{
	return atomic_load(&guard_of(mem)->lost) != 0;
}

int
guard_again(int fd, void *mem, size_t size)
{
	struct guard *g = guard_of(mem);

	/* First the note, so that none gets lost; a mapping too many does no harm. */
	atomic_store(&g->lost, 0);
	if (mmap(mem, size, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_SHARED, fd,
		0) != MAP_FAILED)
		return 0;
	atomic_store(&g->lost, 1);
	return host_error(errno);
}
