/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The harness of the C tests.
 *
 *	TEST(unit_condition_expectation) { CHECK(...); CHECK_EQ(got, want); }
 *	int main(int argc, char **argv)
 *	{
 *		RUN(unit_condition_expectation);
 *		return check_done();
 *	}
 *
 * A failed check is printed with its place and ends that test only. With the
 * environment variable CHECK_ONLY set, only tests whose name holds its value
 * run. The last line is "N passed, N failed"; the status is 1 on a failure.
 */
#ifndef LIB_CHECK_H
#define LIB_CHECK_H

#include <inttypes.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct check_state {
	int passed, failed;
	_Atomic bool bad; /* in the running test; any thread may set it */
	bool in_test;
	jmp_buf env;
};
extern struct check_state check_state;

#define TEST(name) static void name(void)
#define RUN(name) check_run(#name, name)

/* Ends the test; only on the thread that runs it. */
#define CHECK(cond)                                            \
	do {                                                   \
		if (!(cond))                                   \
			check_fail(__FILE__, __LINE__, #cond); \
	} while (0)
#define CHECK_EQ(got, want) \
	check_eq(__FILE__, __LINE__, #got, (intmax_t)(got), (intmax_t)(want))
#define CHECK_STR(got, want) check_str(__FILE__, __LINE__, #got, (got), (want))
/* Marks the test as failed and goes on: for other threads. */
#define CHECK_THREAD(cond)                                     \
	do {                                                   \
		if (!(cond))                                   \
			check_note(__FILE__, __LINE__, #cond); \
	} while (0)

void check_run(const char *name, void (*fn)(void));
_Noreturn void check_fail(const char *file, int line, const char *what);
void check_note(const char *file, int line, const char *what);
void check_eq(
    const char *file, int line, const char *what, intmax_t got, intmax_t want);
void check_str(const char *file, int line, const char *what, const char *got,
    const char *want);
int check_done(void);

#endif
