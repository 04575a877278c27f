/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Property lists, as proplib(3) writes them: dictionaries, arrays, strings, numbers, booleans and data as a tree of values, and its external form in XML.
 * NPF's kernel and npfctl talk in them.
 *
 * A tree lives in memory that its maker says where to get (struct plist_mem). Making one needs no checks on the way: what finds no memory is left out and
 * remembered in pm_error, functions accept NULL for a tree that could not be made, and plist_write refuses with that error in the end.
 * Keys of a dictionary are kept in order of their bytes, once each.
 */
#ifndef RUMPRUN_PLIST_H
#define RUMPRUN_PLIST_H

#include <netbsd/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLIST_API __attribute__((visibility("default")))

/* What requests with a property list carry (IOC_NPF_LOAD ...): its external form. */
struct plistref {
	void *pref_plist;
	size_t pref_len; /* with the NUL */
};

/* The tag is renamed with the function. */
#define plist_type rumprun_plist_type
enum plist_type {
	PLIST_NONE, /* of NULL */
	PLIST_DICT,
	PLIST_ARRAY,
	PLIST_STRING,
	PLIST_NUMBER,
	PLIST_BOOL,
	PLIST_DATA
};

struct plist_mem {
	void *(*pm_alloc)(void *arg, size_t); /* NULL: there is none */
	void (*pm_free)(void *arg, void *, size_t);
	void *pm_arg;
	int pm_error; /* 0, or -ENOMEM since some piece is missing */
};
struct plist;

#define PLIST_MAXDEPTH 32 /* of what is read: values within values */

/* --- making --- */

#define plist_new_dict rumprun_plist_new_dict
#define plist_new_array rumprun_plist_new_array
#define plist_new_string rumprun_plist_new_string
#define plist_new_int rumprun_plist_new_int
#define plist_new_uint rumprun_plist_new_uint
#define plist_new_bool rumprun_plist_new_bool
#define plist_new_data rumprun_plist_new_data
PLIST_API struct plist *plist_new_dict(struct plist_mem *);
PLIST_API struct plist *plist_new_array(struct plist_mem *);
PLIST_API struct plist *plist_new_string(struct plist_mem *, const char *);
PLIST_API struct plist *plist_new_int(struct plist_mem *, int64_t);
PLIST_API struct plist *plist_new_uint(struct plist_mem *, uint64_t);
PLIST_API struct plist *plist_new_bool(struct plist_mem *, bool);
PLIST_API struct plist *plist_new_data(struct plist_mem *, const void *, size_t);
/* A whole copy. */
#define plist_copy rumprun_plist_copy
PLIST_API struct plist *plist_copy(struct plist_mem *, const struct plist *);
#define plist_free rumprun_plist_free
PLIST_API void plist_free(struct plist *); /* with all in it; NULL is nothing */

/* Puts a value in, in the place of one with that key; it is taken, also when there is no memory for its entry. Gives it back, or NULL. */
#define plist_set rumprun_plist_set
PLIST_API struct plist *plist_set(
    struct plist *dict, const char *key, struct plist *value);
#define plist_set_dict rumprun_plist_set_dict
#define plist_set_array rumprun_plist_set_array
#define plist_set_string rumprun_plist_set_string
#define plist_set_int rumprun_plist_set_int
#define plist_set_uint rumprun_plist_set_uint
#define plist_set_bool rumprun_plist_set_bool
#define plist_set_data rumprun_plist_set_data
PLIST_API struct plist *plist_set_dict(struct plist *, const char *key);
PLIST_API struct plist *plist_set_array(struct plist *, const char *key);
PLIST_API void plist_set_string(struct plist *, const char *key, const char *);
/* Written as decimal: proplib's signed numbers. */
PLIST_API void plist_set_int(struct plist *, const char *key, int64_t);
/* Written as 0x...: its unsigned ones. */
PLIST_API void plist_set_uint(struct plist *, const char *key, uint64_t);
PLIST_API void plist_set_bool(struct plist *, const char *key, bool);
PLIST_API void plist_set_data(
    struct plist *, const char *key, const void *, size_t);
#define plist_remove rumprun_plist_remove
PLIST_API void plist_remove(struct plist *dict, const char *key);
/* At the end of an array; taken, as plist_set. */
#define plist_append rumprun_plist_append
PLIST_API struct plist *plist_append(struct plist *array, struct plist *value);
#define plist_append_dict rumprun_plist_append_dict
PLIST_API struct plist *plist_append_dict(struct plist *array);

/* --- looking; NULL and values of another type have nothing in them --- */

PLIST_API enum plist_type plist_type(const struct plist *);
/* Of a dictionary or array. */
#define plist_count rumprun_plist_count
PLIST_API size_t plist_count(const struct plist *);
#define plist_item rumprun_plist_item
PLIST_API struct plist *plist_item(const struct plist *, size_t i);
#define plist_key rumprun_plist_key
PLIST_API const char *plist_key(const struct plist *dict, size_t i);
#define plist_get rumprun_plist_get
PLIST_API struct plist *plist_get(const struct plist *dict, const char *key);

/* A value itself; NULL, 0, false when it is of another type. */
#define plist_string rumprun_plist_string
PLIST_API const char *plist_string(const struct plist *);
#define plist_data rumprun_plist_data
PLIST_API const void *plist_data(const struct plist *, size_t *len);
#define plist_bool rumprun_plist_bool
PLIST_API bool plist_bool(const struct plist *);

/* 1: there, and *v is set. 0: not there, *v is as it was. -EINVAL: of another type, or out of range. */
#define plist_get_string rumprun_plist_get_string
#define plist_get_int rumprun_plist_get_int
#define plist_get_uint rumprun_plist_get_uint
#define plist_get_bool rumprun_plist_get_bool
#define plist_get_data rumprun_plist_get_data
#define plist_get_array rumprun_plist_get_array
#define plist_get_dict rumprun_plist_get_dict
PLIST_API int plist_get_string(
    const struct plist *, const char *key, const char **v);
PLIST_API int plist_get_int(const struct plist *, const char *key, int64_t min,
    int64_t max, int64_t *v);
PLIST_API int plist_get_uint(
    const struct plist *, const char *key, uint64_t max, uint64_t *v);
PLIST_API int plist_get_bool(const struct plist *, const char *key, bool *v);
PLIST_API int plist_get_data(
    const struct plist *, const char *key, const void **v, size_t *len);
PLIST_API int plist_get_array(
    const struct plist *, const char *key, struct plist **v);
PLIST_API int plist_get_dict(
    const struct plist *, const char *key, struct plist **v);

/* --- the external form --- */

/*
 * Reads len bytes, at the first NUL at the latest. -EINVAL: not a property list (nested too deep, a key twice, a number too large ... too); -ENOMEM.
 * Memory is at most some 16 times the text's.
 */
#define plist_read rumprun_plist_read
PLIST_API int plist_read(
    struct plist_mem *, const char *, size_t len, struct plist **);
/* *text (pm_alloc's, of *size bytes, with the NUL at its end) is the caller's. -ENOMEM. */
#define plist_write rumprun_plist_write
PLIST_API int plist_write(const struct plist *, char **text, size_t *size);

/* For callers of requests: gives back the memory in which the kernel has put its answer (pref_plist, pref_len). */
#define plist_unmap rumprun_plist_unmap
PLIST_API void plist_unmap(void *, size_t);

#endif
