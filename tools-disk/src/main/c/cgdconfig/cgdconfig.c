/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cgdconfig(8): configures encrypted disks, and makes their parameter files.
 *
 * A key is in memory of secrets.c alone, from its generator to the ioctl. Status: 1 after usage, 255 (-1) for everything that fails,
 * errno for a unit to be unconfigured that cannot be opened.
 */
#include "cgdconfig/cgdconfig.h"
#include <netbsd/ioctl.h>
#include <inttypes.h>

#define CONFIG_FILE "/etc/cgd/cgd.conf"
#define CONFIG_DIR "/etc/cgd"
#define FAILED 255

struct options {
	char mode; /* 'C', 'U', 'G', 'g', 's', 'u', 'l' or 0: configure */
	const char *ivmeth, *kgmeth, *outfile, *configfile;
	enum verify_method verify; /* VERIFY_UNKNOWN: not given */
};

static _Noreturn void
usage(struct tool *t)
{
	t_eprintf(t,
	    "usage: cgdconfig [-nv] [-V vmeth] cgd dev [paramsfile]\n"
	    "       cgdconfig -C [-nv] [-f configfile]\n"
	    "       cgdconfig -G [-nv] [-i ivmeth] [-k kgmeth] [-o outfile] paramsfile\n"
	    "       cgdconfig -g [-nv] [-i ivmeth] [-k kgmeth] [-o outfile] alg [keylen]\n"
	    "       cgdconfig -l\n"
	    "       cgdconfig -s [-nv] [-i ivmeth] cgd dev alg [keylen]\n"
	    "       cgdconfig -U [-nv] [-f configfile]\n"
	    "       cgdconfig -u [-nv] cgd\n");
	t_exit(t, 1);
}

/* --- units ------------------------------------------------------------------------ */

/* A unit by its name, "cgd0" or a path, as opendisk(3) finds one: a descriptor or -errno, *path the last name tried. */
static int
open_unit(struct tool *t, const char *name, int flags, const char **path)
{
	const char *forms[] = { "/dev/r%sd", "/dev/r%s", "%s", "%sd" };
	bool slash = strchr(name, '/') != NULL;
	int fd = -ENOENT;

	for (int i = slash ? 2 : 0; i < 4 && fd == -ENOENT; i++) {
		const char *form = forms[i], *at = strchr(form, '%');

		*path = t_asprintf(
		    t, "%.*s%s%s", (int)(at - form), form, name, at + 2);
		fd = sys_open(t, *path, flags, 0);
	}
	return fd;
}

static int
set_unit(struct cgdconfig *c, int fd, const char *dev, const char *alg,
    const char *ivmethod, const struct bits *key)
{
	struct cgd_ioctl ci = {
		.ci_disk = dev,
		.ci_alg = alg,
		.ci_ivmethod = ivmethod,
		.ci_keylen = key->nbits,
		.ci_key = (const char *)key->data,
		.ci_blocksize = (size_t)-1,
	};
	int error;

	/* The driver's own block size is not a number to be shown: NetBSD shows the widest one. */
	if (c->verbose > 0)
		t_printf(c->t,
		    "    with alg %s keylen %zu blocksize %" PRIu64
		    " ivmethod %s\n",
		    alg, key->nbits, UINT64_MAX, ivmethod);
	if (c->dry)
		return 0;
	error = sys_ioctl(c->t, fd, CGDIOCSET, &ci);
	if (error < 0)
		t_warn(c->t, error, "ioctl");
	return error < 0 ? error : 0;
}

static int
clear_unit(struct cgdconfig *c, int fd)
{
	struct cgd_ioctl ci;
	int error;

	memset(&ci, 0, sizeof(ci));
	if (c->dry)
		return 0;
	error = sys_ioctl(c->t, fd, CGDIOCCLR, &ci);
	return error < 0 ? error : 0;
}

static int
open_to_configure(struct cgdconfig *c, const char *name)
{
	const char *path;
	int fd = open_unit(c->t, name, O_RDWR, &path);

	if (fd == -ENOENT)
		t_warnx(c->t, "can't open cgd \"%s\", \"%s\"", name, path);
	else if (fd < 0)
		t_warn(c->t, fd, "can't open cgd \"%s\", \"%s\"", name, path);
	return fd;
}

/* --- configuring ------------------------------------------------------------------- */

/* With keys until one fits what is on the disk. */
static int
configure_with(struct cgdconfig *c, const struct params *par, int fd,
    const char *dev, const char *who)
{
	for (;;) {
		struct bits *key = keygens_key(c, par->keygens, who,
		    par->keylen, par->verify == VERIFY_REENTER);
		int error;

		if (key == NULL)
			return FAILED;
		error = set_unit(c, fd, dev, par->algorithm, par->ivmethod, key);
		secret_wipe(key->data);
		if (error != 0)
			return FAILED;
		if (c->dry || verify_disk(c, par->verify, fd))
			return 0;
		if ((error = clear_unit(c, fd)) != 0) {
			t_warn(c->t, error, "ioctl");
			return FAILED;
		}
		if (!keygen_prompts(par->keygens) || c->from_stdin ||
		    c->input_ended) {
			t_warnx(c->t, "verification failed permanently");
			return FAILED;
		}
		t_warnx(c->t, "verification failed, please reenter passphrase");
	}
}

static const char *
default_params(struct tool *t, const char *dev)
{
	const char *slash = strrchr(dev, '/');

	return t_asprintf(
	    t, "%s/%s", CONFIG_DIR, slash == NULL ? dev : slash + 1);
}

static int
configure(struct cgdconfig *c, const struct options *o, int argc, char **argv)
{
	struct params *par;
	int fd, status;

	if (argc < 2 || argc > 3) {
		t_warnx(c->t, "wrong number of args");
		usage(c->t);
	}
	par = params_read(
	    c, argc == 3 ? argv[2] : default_params(c->t, argv[1]));
	if (par == NULL || !params_complete(c, par))
		return FAILED;
	if (o->verify != VERIFY_UNKNOWN)
		par->verify = o->verify;
	if ((fd = open_to_configure(c, argv[0])) < 0)
		return FAILED;
	status = configure_with(c, par, fd,
	    t_diskpath(c->t, argv[1], false, c->dry, false, 0), argv[1]);
	sys_close(c->t, fd);
	return status;
}

/* The length of a key in words; SIZE_MAX: said why not. */
static size_t
key_length(struct cgdconfig *c, const char *alg, const char *number)
{
	size_t n = 0;

	if (number == NULL) {
		n = default_keylen(alg);
		if (n == SIZE_MAX)
			t_warnx(c->t,
			    "could not determine key length for unknown algorithm \"%s\"",
			    alg);
		return n;
	}
	for (const char *p = number; *p != '\0'; p++) {
		if (*p < '0' || *p > '9' || n > CGD_KEYBITS_MAX) {
			n = 0;
			break;
		}
		n = n * 10 + (size_t)(*p - '0');
	}
	if (n == 0 || n > CGD_KEYBITS_MAX) {
		t_warnx(c->t, "invalid key length \"%s\"", number);
		return SIZE_MAX;
	}
	return n;
}

/* -s: the key itself comes from standard input. */
static int
configure_stdin(
    struct cgdconfig *c, const struct options *o, int argc, char **argv)
{
	struct bits *key;
	size_t keylen, want, got = 0;
	int fd, error;

	if (argc < 3 || argc > 4)
		usage(c->t);
	keylen = key_length(c, argv[2], argc == 4 ? argv[3] : NULL);
	if (keylen == SIZE_MAX)
		return FAILED;
	if ((fd = open_to_configure(c, argv[0])) < 0)
		return FAILED;
	key = bits_new(c, keylen);
	want = (keylen + 7) / 8;
	while (got < want) {
		int n = t_stdin_read(c->t, key->data + got, want - got);

		if (n <= 0)
			break;
		got += (size_t)n;
	}
	if (got < want) {
		t_warnx(c->t, "failed to read key from stdin");
		sys_close(c->t, fd);
		return FAILED;
	}
	error = set_unit(c, fd,
	    t_diskpath(c->t, argv[1], false, c->dry, false, 0), argv[2],
	    o->ivmeth, key);
	secret_wipe(key->data);
	if (error == 0 && !c->dry && !verify_disk(c, o->verify, fd)) {
		t_warnx(c->t, "verification failed permanently");
		error = clear_unit(c, fd);
		if (error != 0)
			t_warn(c->t, error, "ioctl");
		error = -EIO;
	}
	sys_close(c->t, fd);
	return error != 0 ? FAILED : 0;
}

static int
unconfigure(struct cgdconfig *c, const char *name)
{
	const char *path;
	int fd = open_unit(c->t, name, O_RDWR, &path), error;

	if (fd < 0)
		t_fail(
		    c->t, -fd, fd, "can't open cgd \"%s\", \"%s\"", name, path);
	error = clear_unit(c, fd);
	if (error != 0)
		t_warn(c->t, error, "ioctl");
	sys_close(c->t, fd);
	return error != 0 ? FAILED : 0;
}

/* --- lists ------------------------------------------------------------------------- */

static void
show(struct cgdconfig *c, const struct cgd_user *u)
{
	struct tool *t = c->t;

	t_printf(t, "cgd%d: ", u->cgu_unit);
	if (u->cgu_dev == 0) {
		t_printf(t, "not in use\n");
		return;
	}
	t_printf(t, "dev %u,%u ", (unsigned)major(u->cgu_dev),
	    (unsigned)minor(u->cgu_dev));
	if (c->verbose > 0)
		t_printf(t, "%.*s ", (int)sizeof(u->cgu_alg), u->cgu_alg);
	if (c->verbose > 1)
		t_printf(t, "keylen %d blksize %zu ", u->cgu_keylen,
		    u->cgu_blocksize);
	t_putc(t, '\n');
}

static int
list(struct cgdconfig *c, int argc, char **argv)
{
	const char *name = argc > 0 ? argv[0] : "cgd0", *path;
	struct cgd_user u;
	int fd = open_unit(c->t, name, O_RDONLY, &path), error;

	if (fd < 0)
		t_fail(
		    c->t, -fd, fd, "can't open cgd \"%s\", \"%s\"", name, path);
	memset(&u, 0, sizeof(u));
	u.cgu_unit = argc > 0 ? -1 : 0;
	while ((error = sys_ioctl(c->t, fd, CGDIOCGET, &u)) >= 0) {
		int unit = u.cgu_unit;

		show(c, &u);
		if (argc > 0)
			break;
		memset(&u, 0, sizeof(u));
		u.cgu_unit = unit + 1;
	}
	sys_close(c->t, fd);
	if (error >= 0 || (argc == 0 && error == -ENXIO))
		return 0;
	t_warn(c->t, error, "ioctl");
	return FAILED;
}

/* --- parameter files ----------------------------------------------------------------- */

static int
finish(struct cgdconfig *c, const struct options *o, struct params *par)
{
	int error;

	if (!params_complete(c, par)) {
		t_warnx(c->t, "invalid parameters generated");
		return FAILED;
	}
	error = params_write(c, par, o->outfile);
	if (error != 0)
		t_warn(c->t, error, "%s",
		    o->outfile != NULL ? o->outfile : "stdout");
	return error != 0 ? FAILED : 0;
}

static int
generate(struct cgdconfig *c, const struct options *o, int argc, char **argv)
{
	struct keygen kg = { .method = keygen_by_name(o->kgmeth) };
	struct params par = { .ivmethod = t_strdup(c->t, o->ivmeth),
		.keygens = &kg };

	if (argc < 1 || argc > 2)
		usage(c->t);
	par.algorithm = argv[0];
	par.verify = o->verify == VERIFY_UNKNOWN ? VERIFY_NONE : o->verify;
	par.keylen = key_length(c, argv[0], argc == 2 ? argv[1] : NULL);
	if (par.keylen == SIZE_MAX || !keygen_fill(c, &kg, par.keylen))
		return FAILED;
	return finish(c, o, &par);
}

/* -G: the new generator's key and the stored difference to the old key give the old key. */
static int
generate_same(
    struct cgdconfig *c, const struct options *o, int argc, char **argv)
{
	struct keygen kg = { .method = keygen_by_name(o->kgmeth) };
	struct keygen difference = { .method = KEYGEN_STORED };
	struct params *old, par = { .keygens = &kg };
	struct bits *key;

	if (argc != 1)
		usage(c->t);
	if (kg.method != KEYGEN_PBKDF2 && kg.method != KEYGEN_STORED) {
		t_warnx(c->t, "keygen %s cannot give the same key", o->kgmeth);
		return FAILED;
	}
	old = params_read(c, argv[0]);
	if (old == NULL || !params_complete(c, old))
		return FAILED;
	key = keygens_key(c, old->keygens, "old file", old->keylen, false);
	if (key == NULL)
		return FAILED;
	par.algorithm = old->algorithm;
	par.ivmethod = old->ivmethod;
	par.keylen = old->keylen;
	par.verify = o->verify == VERIFY_UNKNOWN ? old->verify : o->verify;
	if (kg.method == KEYGEN_STORED) {
		kg.key = key;
		return finish(c, o, &par);
	}
	if (!keygen_fill(c, &kg, par.keylen))
		return FAILED;
	difference.key = keygens_key(
	    c, &kg, "new file", par.keylen, par.verify == VERIFY_REENTER);
	if (difference.key == NULL)
		return FAILED;
	bits_xor(difference.key, key);
	kg.next = &difference;
	return finish(c, o, &par);
}

/* --- the configuration file ------------------------------------------------------------ */

/* A file's lines, those that end in a backslash joined with the next one, without comments. */
static char *
config_text(struct cgdconfig *c, const char *path)
{
	size_t size = 65536, n = 0;
	char *buf = t_malloc(c->t, size + 1), *from, *to;
	int fd = sys_open(c->t, path, O_RDONLY, 0);
	bool comment = false;
	ssize_t got = 0;

	if (fd < 0)
		t_fail(c->t, FAILED, fd, "could not open config file \"%s\"",
		    path);
	while (n < size && (got = sys_read(c->t, fd, buf + n, size - n)) > 0)
		n += (size_t)got;
	sys_close(c->t, fd);
	if (got < 0 || n == size)
		t_fail(c->t, FAILED, got < 0 ? (int)got : EFBIG, "%s", path);
	buf[n] = '\0';
	for (from = to = buf; from < buf + n; from++) {
		if (*from == '\\' && from[1] == '\n') {
			from++;
			*to++ = ' ';
			continue;
		}
		if (*from == '#')
			comment = true;
		if (*from == '\n')
			comment = false;
		if (!comment && *from != '\0')
			*to++ = *from;
	}
	*to = '\0';
	return buf;
}

static int
words_of(char *line, char **words, int max)
{
	int n = 0;

	for (;;) {
		line += strspn(line, " \t\r");
		if (*line == '\0')
			return n;
		if (n == max)
			return max + 1;
		words[n++] = line;
		line += strcspn(line, " \t\r");
		if (*line != '\0')
			*line++ = '\0';
	}
}

/* Goes on past a line that fails. */
static int
do_all(struct cgdconfig *c, const struct options *o)
{
	const char *path = o->configfile != NULL ? o->configfile : CONFIG_FILE;
	char *line = config_text(c, path), *next, *words[3];
	int status = 0, number = 0;

	for (; line != NULL; line = next) {
		int n, one;

		if ((next = strchr(line, '\n')) != NULL)
			*next++ = '\0';
		if ((n = words_of(line, words, 3)) == 0)
			continue;
		number++;
		if (n < 2 || n > 3) {
			t_warnx(c->t, "%s: entry %d is not valid", path, number);
			status = FAILED;
			continue;
		}
		one = o->mode == 'C' ? configure(c, o, n, words) :
				       unconfigure(c, words[0]);
		if (one != 0)
			status = one;
	}
	return status;
}

/* --- options --------------------------------------------------------------------------- */

static void
parse(struct cgdconfig *c, struct options *o, int argc, char **argv)
{
	struct tool *t = c->t;
	int ch;

	while ((ch = t_getopt(t, argc, argv, "CGUV:f:gi:k:lno:spuv")) != -1) {
		switch (ch) {
		case 'C':
		case 'G':
		case 'U':
		case 'g':
		case 'l':
		case 's':
		case 'u':
			if (o->mode != 0 && o->mode != ch)
				usage(t);
			o->mode = (char)ch;
			break;
		case 'V':
			o->verify = verify_by_name(t->t_opt.optarg);
			if (o->verify == VERIFY_UNKNOWN)
				usage(t);
			break;
		case 'f':
			o->configfile = t->t_opt.optarg;
			break;
		case 'i':
			o->ivmeth = t->t_opt.optarg;
			break;
		case 'k':
			o->kgmeth = t->t_opt.optarg;
			if (keygen_by_name(o->kgmeth) == KEYGEN_UNKNOWN)
				usage(t);
			break;
		case 'n':
			c->dry = true;
			break;
		case 'o':
			o->outfile = t->t_opt.optarg;
			break;
		case 'p':
			c->from_stdin = true;
			break;
		case 'v':
			c->verbose++;
			break;
		default:
			usage(t);
		}
	}
	if (o->outfile != NULL && o->mode != 'G' && o->mode != 'g')
		usage(t);
}

int
cgdconfig_main(struct tool *t, int argc, char **argv)
{
	struct cgdconfig c = { .t = t };
	struct options o = { .ivmeth = "encblkno1",
		.kgmeth = "pkcs5_pbkdf2/sha1",
		.verify = VERIFY_UNKNOWN };
	struct cgdconfig *heap = t_malloc(t, sizeof(*heap));

	*heap = c;
	secrets_begin(heap);
	parse(heap, &o, argc, argv);
	argc -= t->t_opt.optind;
	argv += t->t_opt.optind;
	switch (o.mode) {
	case 'C':
	case 'U':
		if (argc != 0)
			usage(t);
		return do_all(heap, &o);
	case 'G':
		return generate_same(heap, &o, argc, argv);
	case 'g':
		return generate(heap, &o, argc, argv);
	case 'l':
		if (argc > 1)
			usage(t);
		return list(heap, argc, argv);
	case 's':
		return configure_stdin(heap, &o, argc, argv);
	case 'u':
		if (argc != 1)
			usage(t);
		return unconfigure(heap, argv[0]);
	default:
		return configure(heap, &o, argc, argv);
	}
}
