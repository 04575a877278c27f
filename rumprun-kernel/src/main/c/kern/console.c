/* SPDX-License-Identifier: BSD-2-Clause */
/* The console: the kernel's messages, a guest's first descriptors, and what was written lately. */
#include <netbsd/fcntl.h>
#include <netbsd/ioctl.h>
#include <netbsd/poll.h>
#include <netbsd/stat.h>
#include <netbsd/termios.h>
#include "dev/dev.h"
#include "kern/console.h"

#define CONSOLE_MAJOR 0

struct console_state {
	struct kmutex cs_lock;
	size_t cs_written; /* bytes ever; the next goes to it modulo the size */
	char cs_history[CONSOLE_HISTORY];
};

int
console_init(struct rump_kernel *k)
{
	k->k_console = kmem_zalloc(k, sizeof(*k->k_console));
	return k->k_console == NULL ? -ENOMEM : 0;
}

void
console_fini(struct rump_kernel *k)
{
	if (k->k_console == NULL)
		return;
	kmem_free(k, k->k_console, sizeof(*k->k_console));
	k->k_console = NULL;
}

void
console_write(struct rump_kernel *k, const char *text, size_t n)
{
	struct console_state *cs = k->k_console;

	if (cs == NULL || n == 0)
		return;
	kmutex_enter(&cs->cs_lock);
	if (k->k_config.kc_consout != NULL)
		k->k_config.kc_consout(k->k_config.kc_consctx, text, n);
	for (size_t i = n > CONSOLE_HISTORY ? n - CONSOLE_HISTORY : 0; i < n;
	     i++)
		cs->cs_history[(cs->cs_written + i) % CONSOLE_HISTORY] = text[i];
	cs->cs_written += n;
	kmutex_exit(&cs->cs_lock);
}

size_t
console_history(struct rump_kernel *k, size_t off, char *buf, size_t size)
{
	struct console_state *cs = k->k_console;
	size_t have, first, n;

	if (cs == NULL)
		return 0;
	kmutex_enter(&cs->cs_lock);
	have = cs->cs_written < CONSOLE_HISTORY ? cs->cs_written :
						  CONSOLE_HISTORY;
	first = cs->cs_written - have;
	n = off >= have ? 0 : have - off;
	if (n > size)
		n = size;
	for (size_t i = 0; i < n; i++)
		buf[i] = cs->cs_history[(first + off + i) % CONSOLE_HISTORY];
	kmutex_exit(&cs->cs_lock);
	return n;
}

/* Text is brought into the kernel by pieces: no lock is held while a remote client hands it over. */
static int
write_uio(struct lwp *l, struct uio *uio)
{
	char piece[512];
	int error = 0;

	while (uio->uio_resid > 0 && error == 0) {
		size_t n = uio->uio_resid < sizeof(piece) ? uio->uio_resid :
							    sizeof(piece);

		error = uiomove(piece, n, uio);
		if (error == 0)
			console_write(l->l_k, piece, n);
	}
	return error;
}

static int
tty_ioctl(unsigned long cmd, void *data)
{
	if (cmd != TIOCGETA)
		return -ENOTTY;
	memset(data, 0, sizeof(struct termios));
	return 0;
}

/* --- the file behind descriptors 0 to 2 --- */

static int
cons_read(struct lwp *l, struct file *fp, struct uio *uio, int flags)
{
	(void)l, (void)fp, (void)uio, (void)flags;
	return -ENODEV;
}

static int
cons_write(struct lwp *l, struct file *fp, struct uio *uio, int flags)
{
	(void)fp, (void)flags;
	return write_uio(l, uio);
}

static int
cons_ioctl(struct lwp *l, struct file *fp, unsigned long cmd, void *data)
{
	(void)l, (void)fp;
	return tty_ioctl(cmd, data);
}

static int
cons_fcntl(struct lwp *l, struct file *fp, unsigned cmd, void *data)
{
	(void)l, (void)fp, (void)data;
	return cmd == F_SETFL ? 0 : -EOPNOTSUPP;
}

static int
cons_poll(struct lwp *l, struct file *fp, int events)
{
	(void)l, (void)fp;
	return events & (POLLOUT | POLLWRNORM | POLLWRBAND);
}

/* No node is behind it: a character device of mode 0600 whose times are now. */
static int
cons_stat(struct lwp *l, struct file *fp, struct stat *st)
{
	(void)fp;
	memset(st, 0, sizeof(*st));
	st->st_mode = S_IFCHR | 0600;
	kern_nanotime(l->l_k, &st->st_atim);
	st->st_mtim = st->st_ctim = st->st_birthtim = st->st_atim;
	return 0;
}

static int
cons_close(struct lwp *l, struct file *fp)
{
	(void)l, (void)fp;
	return 0;
}

static int
cons_kqfilter(struct lwp *l, struct file *fp, struct knote *kn)
{
	(void)l, (void)fp, (void)kn;
	return -EOPNOTSUPP;
}

static const struct fileops console_fileops = {
	.fo_read = cons_read,
	.fo_write = cons_write,
	.fo_ioctl = cons_ioctl,
	.fo_fcntl = cons_fcntl,
	.fo_poll = cons_poll,
	.fo_stat = cons_stat,
	.fo_close = cons_close,
	.fo_kqfilter = cons_kqfilter,
};

int
console_file(struct lwp *l, struct file **fpp)
{
	struct file *fp;
	int error;

	*fpp = NULL;
	error = file_create(l, &fp);
	if (error != 0)
		return error;
	fp->f_type = DTYPE_MISC;
	fp->f_flag = FWRITE;
	fp->f_ops = &console_fileops;
	*fpp = fp;
	return 0;
}

/* --- the device --- */

static int
consdev_open(struct lwp *l, dev_t dev, bool blk, int flags)
{
	(void)l, (void)blk, (void)flags;
	return minor(dev) == 0 ? 0 : -ENXIO;
}

/* Nobody types here: end of file at once. */
static int
consdev_read(struct lwp *l, dev_t dev, struct uio *uio, int flags)
{
	(void)l, (void)dev, (void)uio, (void)flags;
	return 0;
}

static int
consdev_write(struct lwp *l, dev_t dev, struct uio *uio, int flags)
{
	(void)dev, (void)flags;
	return write_uio(l, uio);
}

static int
consdev_ioctl(struct lwp *l, dev_t dev, bool blk, unsigned long cmd, void *data,
    int flags)
{
	(void)l, (void)dev, (void)blk, (void)flags;
	return tty_ioctl(cmd, data);
}

const struct devsw dev_console = {
	.d_name = "cons",
	.d_bmajor = -1,
	.d_cmajor = CONSOLE_MAJOR,
	.d_flags = D_TTY,
	.d_open = consdev_open,
	.d_read = consdev_read,
	.d_write = consdev_write,
	.d_ioctl = consdev_ioctl,
};
