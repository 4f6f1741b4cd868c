/* SPDX-License-Identifier: BSD-2-Clause
 *
 * libjail.so.1 of the stand-in: of jail(3), names and ids of jails, over the system calls of its libc.so.7.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#define ERRMSGLEN 1024
#define NAMELEN 256

int jail_get(struct iovec *iov, unsigned int niov, int flags);

char jail_errmsg[ERRMSGLEN];

static struct iovec word(const char *text)
{
	return (struct iovec){.iov_base = (char *)text, .iov_len = strlen(text) + 1};
}

static int get(struct iovec *iov, int count)
{
	int jid;

	jail_errmsg[0] = '\0';
	iov[count] = word("errmsg");
	iov[count + 1] = (struct iovec){.iov_base = jail_errmsg, .iov_len = ERRMSGLEN};
	jid = jail_get(iov, count + 2, 0);
	if (jid < 0 && jail_errmsg[0] == '\0')
		snprintf(jail_errmsg, ERRMSGLEN, "jail_get: %s", strerror(errno));
	return jid;
}

int jail_getid(const char *name)
{
	struct iovec iov[4] = {word("name"), word(name)};
	char *end;
	int jid = strtoul(name, &end, 10);

	return *name != '\0' && *end == '\0' ? jid : get(iov, 2);
}

char *jail_getname(int jid)
{
	char name[NAMELEN] = "";
	struct iovec iov[6] = {
	    word("jid"), {.iov_base = &jid, .iov_len = sizeof(jid)}, word("name"), {.iov_base = name, .iov_len = sizeof(name)}};

	return get(iov, 4) < 0 ? NULL : strdup(name);
}
