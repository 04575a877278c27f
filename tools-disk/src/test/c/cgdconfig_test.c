/* SPDX-License-Identifier: BSD-2-Clause */
/* cgdconfig: parameter files, key generators and verification, on disks of a kernel; and that no secret is printed. */
#include "cgdconfig/cgdconfig.h"
#include "dev/etfs.h"
#include "host/host.h"
#include "lib/check.h"
#include "lib/disk_kernel.h"

#define IMG "cgdconfig_test.img"
#define SIZE ((int64_t)1 << 20)
#define KEY "AAAAgAABAgMEBQYHCAkKCwwNDg8="
#define STORED                                       \
	"algorithm aes-cbc;\niv-method encblkno1;\n" \
	"keylength 128;\nverify_method none;\n"      \
	"keygen storedkey key " KEY ";\n"
#define PBKDF2(verify)                                              \
	"algorithm aes-cbc;\nkeylength 128;\nverify_method " verify \
	";\nkeygen pkcs5_pbkdf2/sha1 {\n iterations 10;\n salt " KEY ";\n};\n"

static struct disk_kernel dk;

static void
start(void)
{
	int fd;

	CHECK_EQ(
	    host_linux.open(IMG, 2 | HOST_O_CREAT | HOST_O_TRUNC, 0644, &fd), 0);
	CHECK_EQ(host_linux.ftruncate(fd, SIZE), 0);
	host_linux.close(fd);
	disk_kernel_start(&dk);
	CHECK_EQ(
	    etfs_register(dk.k, "/dk", IMG, ETFS_BLK, 0, ETFS_SIZE_TOEND), 0);
}

static void
stop(void)
{
	disk_kernel_stop(&dk);
	host_linux.unlink(IMG);
}

static void
put(const char *path, const char *text)
{
	disk_kernel_put(&dk, path, text, strlen(text));
}

static int
run(const char *line)
{
	return disk_kernel_run(&dk, line);
}

static int
run_in(const char *input, const char *line)
{
	dk.in = input;
	return disk_kernel_run(&dk, line);
}

/* What the disk has in its first sector when it is read through the cgd. */
static void
sector0(uint8_t out[512])
{
	CHECK_EQ(disk_kernel_get(&dk, "/dev/rcgd0d", 0, out, 512), 512);
}

/* --- parameter files ------------------------------------------------------------------ */

TEST(params_grammar)
{
	static const struct {
		const char *text;
		int status;
		const char *says;
	} t[] = {
		{ STORED, 0, NULL },
		{ "# nothing but\nalgorithm # this\n aes-cbc;keygen randomkey;",
		    0, NULL },
		{ "algorithm aes-cbc; keygen storedkey key AAAAgAABAgME \\\n"
		  "\tBQYHCAkKCwwNDg8=;",
		    0, NULL },
		{ "algorithm \"aes-cbc\"; keygen storedkey { key " KEY
		  "; };\nkeygen urandomkey;",
		    0, NULL },
		{ "", 255, "unspecified algorithm" },
		{ "algorithm aes-cbc;", 255, "" },
		{ "algorithm rot13; keygen randomkey;", 255,
		    "invalid keylength" },
		{ "algorithm aes-cbc", 255, "foo line 1: syntax error at ''" },
		{ "\n\nalgorithm;", 255, "foo line 3: syntax error at ';'" },
		{ "algorithm aes-cbc aes-xts;", 255,
		    "syntax error at 'aes-xts'" },
		{ "keylength many;", 255, "syntax error at 'many'" },
		{ "keylength 2147483648;", 255, "syntax error at '2147483648'" },
		{ "keylength 99999999999999999999999;", 255, "syntax error" },
		{ "keylength -1;", 255, "syntax error at '-1'" },
		{ "keygen magic;", 255, "unknown keygen method 'magic'" },
		{ "keygen storedkey key AAAAgAABAgMEBQYHCAkKCwwNDg8;", 255,
		    "bad base64 string" },
		{ "keygen storedkey key AAABAAABAgMEBQYHCAkKCwwNDg8=;", 255,
		    "bad base64 string" },
		{ "keygen storedkey key f///gAABAgMEBQYHCAkKCwwNDg8=;", 255,
		    "bad base64 string" },
		{ "keygen storedkey key AA==;", 255, "bad base64 string" },
		{ "keygen storedkey { key " KEY ";", 255, "syntax error at ''" },
		{ "keygen storedkey { salt; };", 255, "syntax error at ';'" },
		{ "algorithm aes-cbc; keygen storedkey;", 255,
		    "keygen storedkey must provide a `key'" },
		{ "algorithm aes-cbc; keygen pkcs5_pbkdf2/sha1 salt " KEY ";",
		    255, "must provide a `iterations'" },
		{ "algorithm aes-cbc; keygen pkcs5_pbkdf2/sha1 iterations 5;",
		    255, "must provide a `salt'" },
		{ "verify_method hope;", 255, "unknown verify method 'hope'" },
		{ "}", 255, "syntax error at '}'" },
		{ "\\", 255, "syntax error at '\\'" },
		{ "algorithm \"aes", 255, "syntax error at ''" },
	};

	start();
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		put("/p", t[i].text);
		CHECK_EQ(run("cgdconfig -n cgd0 /dk /p"), t[i].status);
		if (t[i].says == NULL || *t[i].says == '\0')
			CHECK_STR(dk.out, "");
		else
			CHECK(strstr(dk.out, t[i].says) != NULL);
		/* Nothing of a key. */
		CHECK(strstr(dk.out, "AABAgMEBQ") == NULL);
	}
	stop();
}

/* A file of 64 KiB or more is none; NULs and a great many words are no trouble. */
TEST(params_of_any_size)
{
	static char text[70000];

	start();
	memset(text, ';', sizeof(text));
	disk_kernel_put(&dk, "/p", text, sizeof(text));
	CHECK_EQ(run("cgdconfig -n cgd0 /dk /p"), 255);
	CHECK(strstr(dk.out, "File too large") != NULL);
	memset(text, 0, sizeof(text));
	disk_kernel_put(&dk, "/p", text, 60000);
	CHECK_EQ(run("cgdconfig -n cgd0 /dk /p"), 255);
	strcpy(text, "algorithm aes-cbc; keygen shell_cmd cmd");
	for (size_t n = strlen(text); n < 60000; n += 2)
		memcpy(text + n, " x", 3);
	strcat(text, ";");
	put("/p", text);
	CHECK_EQ(run("cgdconfig -G /p"), 255);
	stop();
}

TEST(generated_params_are_read)
{
	static const char *const methods[] = { "pkcs5_pbkdf2/sha1", "storedkey",
		"randomkey", "urandomkey" };
	static char text[8192];
	char line[256];

	start();
	for (size_t i = 0; i < 4; i++) {
		snprintf(line, sizeof(line),
		    "cgdconfig -g -k %s -i encblkno8 -V mbr -o /p aes-xts 512",
		    methods[i]);
		CHECK_EQ(run(line), 0);
		CHECK_STR(dk.out, "");
		memset(text, 0, sizeof(text));
		CHECK(disk_kernel_get(&dk, "/p", 0, text, sizeof(text) - 1) > 0);
		CHECK(strncmp(text,
			  "algorithm aes-xts;\niv-method encblkno8;\n"
			  "keylength 512;\nverify_method mbr;\nkeygen ",
			  40) == 0);
		CHECK(strstr(text, methods[i]) != NULL);
		CHECK_EQ(run_in("x\n", "cgdconfig -n cgd0 /dk /p"), 0);
	}
	CHECK_EQ(run("cgdconfig -g -k nosuch aes-cbc"), 1);
	CHECK_EQ(run("cgdconfig -g -V nosuch aes-cbc"), 1);
	CHECK_EQ(run("cgdconfig -g -k randomkey aes-cbc 0"), 255);
	CHECK_EQ(run("cgdconfig -g -k randomkey aes-cbc 99999999999"), 255);
	CHECK_EQ(run("cgdconfig -g -u aes-cbc"), 1);
	stop();
}

/* -G: other files for the same key, from each kind to each. */
TEST(the_same_key_otherwise)
{
	uint8_t first[512], again[512];

	start();
	put("/stored", STORED);
	CHECK_EQ(run("cgdconfig cgd0 /dk /stored"), 0);
	sector0(first);
	CHECK_EQ(run("cgdconfig -u cgd0"), 0);
	CHECK_EQ(
	    run_in("new phrase\n", "cgdconfig -G -p -o /phrase /stored"), 0);
	CHECK_EQ(run_in("new phrase\n", "cgdconfig -p cgd0 /dk /phrase"), 0);
	sector0(again);
	CHECK(memcmp(first, again, sizeof(first)) == 0);
	CHECK_EQ(run("cgdconfig -u cgd0"), 0);
	CHECK_EQ(run_in("old phrase\n", "cgdconfig -p cgd0 /dk /phrase"), 0);
	sector0(again);
	CHECK(memcmp(first, again, sizeof(first)) != 0);
	CHECK_EQ(run("cgdconfig -u cgd0"), 0);
	CHECK_EQ(run_in("new phrase\n",
		     "cgdconfig -G -p -k storedkey -o /back /phrase"),
	    0);
	CHECK_EQ(
	    run_in("new phrase\nother\n", "cgdconfig -G -p -o /other /phrase"),
	    0);
	CHECK_EQ(run("cgdconfig cgd0 /dk /back"), 0);
	sector0(again);
	CHECK(memcmp(first, again, sizeof(first)) == 0);
	CHECK_EQ(run("cgdconfig -u cgd0"), 0);
	CHECK_EQ(run_in("other\n", "cgdconfig -p cgd0 /dk /other"), 0);
	sector0(again);
	CHECK(memcmp(first, again, sizeof(first)) == 0);
	CHECK_EQ(run("cgdconfig -G -k randomkey /stored"), 255);
	stop();
}

/* --- keys ------------------------------------------------------------------------------ */

static int
givekey_main(struct tool *t, int argc, char **argv)
{
	static const uint8_t key[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
		12, 13, 14, 15 };

	if (argc > 1 && strcmp(argv[1], "short") == 0)
		t_puts(t, "x");
	else if (argc > 1)
		return 3;
	else
		t_out_write(t->t_out, key, sizeof(key));
	return 0;
}

TEST(keys_come_from_commands_and_input)
{
	static const struct tool_entry own[] = { { "givekey", givekey_main, 0 },
		{ NULL, NULL, 0 } };
	static const struct tool_group group = { "test", own };
	uint8_t first[512], again[512];

	start();
	dk.tools = &group;
	put("/p", STORED);
	CHECK_EQ(run("cgdconfig cgd0 /dk /p"), 0);
	sector0(first);
	CHECK_EQ(run("cgdconfig -u cgd0"), 0);
	put("/s", "algorithm aes-cbc; keygen shell_cmd cmd givekey;");
	CHECK_EQ(run("cgdconfig cgd0 /dk /s"), 0);
	CHECK_STR(dk.out, "");
	sector0(again);
	CHECK(memcmp(first, again, sizeof(first)) == 0);
	CHECK_EQ(run("cgdconfig -u cgd0"), 0);
	put("/s", "algorithm aes-cbc; keygen shell_cmd cmd \"givekey  short\";");
	CHECK_EQ(run("cgdconfig cgd0 /dk /s"), 255);
	put("/s", "algorithm aes-cbc; keygen shell_cmd cmd \"givekey fail\";");
	CHECK_EQ(run("cgdconfig cgd0 /dk /s"), 255);
	put("/s", "algorithm aes-cbc; keygen shell_cmd cmd nosuchcommand;");
	CHECK_EQ(run("cgdconfig cgd0 /dk /s"), 255);
	put("/s", "algorithm aes-cbc; keygen shell_cmd cmd \" \";");
	CHECK_EQ(run("cgdconfig cgd0 /dk /s"), 255);
	/* Two of the same: zeros. */
	put("/z",
	    "algorithm aes-cbc; keygen storedkey key " KEY
	    "; keygen storedkey key " KEY ";");
	CHECK_EQ(run("cgdconfig cgd0 /dk /z"), 0);
	sector0(again);
	CHECK(memcmp(first, again, sizeof(first)) != 0);
	CHECK_EQ(run("cgdconfig -u cgd0"), 0);
	CHECK_EQ(run_in("0123456789abcdef", "cgdconfig -s cgd0 /dk aes-cbc"), 0);
	CHECK_EQ(run("cgdconfig -lvv"), 0);
	CHECK(strstr(dk.out, " aes-cbc keylen 128 blksize 16 \n") != NULL);
	CHECK_EQ(run("cgdconfig -u cgd0"), 0);
	CHECK_EQ(
	    run_in("0123456789abcde", "cgdconfig -s cgd0 /dk aes-cbc"), 255);
	CHECK_EQ(run_in("0123456789abcdef0123456789abcdef",
		     "cgdconfig -s cgd0 /dk aes-cbc 100"),
	    255);
	CHECK_EQ(run_in("0123456789abcdef",
		     "cgdconfig -s -V ffs cgd0 /dk aes-cbc 128"),
	    255);
	CHECK(strstr(dk.out, "verification failed permanently") != NULL);
	CHECK_EQ(run("cgdconfig -l"), 0);
	CHECK_STR(dk.out, "cgd0: not in use\n");
	stop();
}

TEST(passphrases_are_asked_for)
{
	start();
	put("/p", PBKDF2("none"));
	put("/r", PBKDF2("re-enter"));
	put("/f", PBKDF2("ffs"));
	CHECK_EQ(run_in("a phrase\nb", "cgdconfig cgd0 /dk /p"), 0);
	CHECK_STR(dk.out, "");
	CHECK_EQ(run("cgdconfig -u cgd0"), 0);
	CHECK_EQ(run_in(NULL, "cgdconfig -p cgd0 /dk /p"), 255);
	CHECK(strstr(dk.out, "failed to read passphrase") != NULL);
	CHECK_EQ(run_in("\n", "cgdconfig -p cgd0 /dk /p"), 0);
	CHECK_EQ(run("cgdconfig -u cgd0"), 0);
	CHECK_EQ(run_in("a\na\n", "cgdconfig -p cgd0 /dk /r"), 0);
	CHECK_EQ(run("cgdconfig -u cgd0"), 0);
	CHECK_EQ(run_in("secret\nsecreT\n", "cgdconfig -p cgd0 /dk /r"), 255);
	CHECK(strstr(dk.out, "secre") == NULL);
	CHECK_EQ(run_in("a\na\n", "cgdconfig -p -V re-enter cgd0 /dk /f"), 0);
	CHECK_EQ(run("cgdconfig -u cgd0"), 0);
	/* Without an end of input there would be no end of asking. */
	CHECK_EQ(run_in("secret\nother\n", "cgdconfig cgd0 /dk /f"), 255);
	CHECK(strstr(dk.out, "please reenter") != NULL);
	CHECK(strstr(dk.out, "permanently") != NULL);
	CHECK(strstr(dk.out, "secret") == NULL);
	CHECK_EQ(run("cgdconfig -l"), 0);
	CHECK_STR(dk.out, "cgd0: not in use\n");
	stop();
}

/* --- verification ------------------------------------------------------------------------ */

static void
le32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

TEST(disks_are_verified)
{
	static const char *const methods[] = { "disklabel", "mbr", "gpt",
		"ffs" };
	static uint8_t disk[1 << 20];
	char line[256];

	start();
	put("/p", STORED);
	for (size_t wrong = 0; wrong < 4; wrong++) {
		snprintf(line, sizeof(line), "cgdconfig -V %s cgd0 /dk /p",
		    methods[wrong]);
		CHECK_EQ(run(line), 255);
		CHECK(strstr(dk.out, "permanently") != NULL);
	}
	/* An MBR, and a superblock where FFSv1 has it. */
	memset(disk, 0, sizeof(disk));
	disk[510] = 0x55;
	disk[511] = 0xaa;
	le32(disk + 8192 + 1372, 0x011954);
	CHECK_EQ(run("cgdconfig cgd0 /dk /p"), 0);
	disk_kernel_put(&dk, "/dev/rcgd0d", disk, sizeof(disk));
	CHECK_EQ(run("cgdconfig -u cgd0"), 0);
	CHECK_EQ(run("cgdconfig -V mbr cgd0 /dk /p"), 0);
	CHECK_EQ(run("cgdconfig -u cgd0"), 0);
	CHECK_EQ(run("cgdconfig -V ffs cgd0 /dk /p"), 0);
	CHECK_EQ(run("cgdconfig -u cgd0"), 0);
	CHECK_EQ(run("cgdconfig -V gpt cgd0 /dk /p"), 255);
	/* A GPT's header whose sum was computed elsewhere; in the last sector only. */
	memset(disk, 0, sizeof(disk));
	memcpy(disk + sizeof(disk) - 512, "EFI PART\0\0\1\0\x5c\0\0\0", 16);
	le32(disk + sizeof(disk) - 512 + 24, sizeof(disk) / 512 - 1);
	le32(disk + sizeof(disk) - 512 + 16, 0xcc9ece9b);
	CHECK_EQ(run("cgdconfig cgd0 /dk /p"), 0);
	disk_kernel_put(&dk, "/dev/rcgd0d", disk, sizeof(disk));
	CHECK_EQ(run("cgdconfig -u cgd0"), 0);
	CHECK_EQ(run("cgdconfig -V gpt cgd0 /dk /p"), 0);
	CHECK_EQ(run("cgdconfig -u cgd0"), 0);
	CHECK_EQ(run("cgdconfig -V mbr cgd0 /dk /p"), 255);
	stop();
}

TEST(config_files_list_units)
{
	start();
	put("/p", STORED);
	put("/c",
	    "# comment\n\ncgd0 \\\n /dk /p # more\nbroken\ncgd0 /dk /p x\n");
	CHECK_EQ(run("cgdconfig -C -f /c"), 255);
	CHECK(strstr(dk.out, "/c: entry 2 is not valid") != NULL);
	CHECK_EQ(run("cgdconfig -l cgd0"), 0);
	CHECK(strstr(dk.out, "cgd0: dev ") == dk.out);
	put("/c", "cgd0 /dk /p");
	CHECK_EQ(run("cgdconfig -nU -f /c"), 0);
	CHECK_EQ(run("cgdconfig -U -f /c"), 0);
	CHECK_EQ(run("cgdconfig -U -f /c"), 255);
	CHECK_EQ(run("cgdconfig -C -f /none"), 255);
	CHECK_EQ(run("cgdconfig -C -f /c more"), 1);
	stop();
}

int
main(void)
{
	RUN(params_grammar);
	RUN(params_of_any_size);
	RUN(generated_params_are_read);
	RUN(the_same_key_otherwise);
	RUN(keys_come_from_commands_and_input);
	RUN(passphrases_are_asked_for);
	RUN(disks_are_verified);
	RUN(config_files_list_units);
	return check_done();
}
