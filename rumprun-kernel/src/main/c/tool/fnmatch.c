/* SPDX-License-Identifier: BSD-2-Clause */
/* fnmatch(3) without flags: '*', '?', brackets and backslash. */
#include "tool/private.h"
#include <string.h>

/* A bracket expression after '['; *endp gets what follows it, NULL when it does not end. */
static bool
bracket(const char *p, unsigned char c, const char **endp)
{
	bool negate = *p == '!' || *p == '^', found = false, first = true;

	if (negate)
		p++;
	*endp = NULL;
	for (;; first = false) {
		unsigned char low = (unsigned char)*p++, high;

		if (low == '\0')
			return false;
		if (low == ']' && !first)
			break;
		if (low == '\\' && (low = (unsigned char)*p++) == '\0')
			return false;
		high = low;
		if (p[0] == '-' && p[1] != ']' && p[1] != '\0') {
			high = (unsigned char)p[1];
			p += 2;
			if (high == '\\' && (high = (unsigned char)*p++) == '\0')
				return false;
		}
		if (low <= c && c <= high)
			found = true;
	}
	*endp = p;
	return found != negate;
}

/* Only the last star needs to be tried again, so this is never worse than quadratic. */
bool
t_fnmatch(const char *pattern, const char *string)
{
	const char *star = NULL, *back = NULL, *end, *p = pattern;
	const char *s = string;
	bool ok;

	while (*s != '\0') {
		if (*p == '*') {
			star = ++p;
			back = s;
			continue;
		}
		if (*p == '?') {
			ok = true;
			end = p + 1;
		} else if (*p == '[') {
			ok = bracket(p + 1, (unsigned char)*s, &end);
			if (end == NULL) {
				ok = *s == '[';
				end = p + 1;
			}
		} else {
			const char *q = *p == '\\' && p[1] != '\0' ? p + 1 : p;

			ok = *q != '\0' && *q == *s;
			end = q + (*q != '\0');
		}
		if (ok) {
			p = end;
			s++;
		} else if (star != NULL) {
			p = star;
			s = ++back;
		} else
			return false;
	}
	while (*p == '*')
		p++;
	return *p == '\0';
}
