/* SPDX-License-Identifier: BSD-2-Clause
 *
 * libutil.so.10 of the stand-in: setusercontext(3), as far as FreeBSD's own login.conf(5) goes: every user is of its class `default`
 * (recorded: jexec-2, env-2, uid-1). A root without login.conf sets a path alone.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOGIN_SETGROUP 0x0001
#define LOGIN_SETPATH 0x0004
#define LOGIN_SETPRIORITY 0x0008
#define LOGIN_SETUMASK 0x0020
#define LOGIN_SETUSER 0x0040
#define LOGIN_SETENV 0x0080

#define SYSTEM_PATH "/sbin:/bin:/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin"

int setusercontext(void *class, const struct passwd *user, uid_t uid, unsigned int flags)
{
	int has_classes = access("/etc/login.conf", R_OK) == 0;
	char text[1024];

	(void)class;
	if (flags & LOGIN_SETPRIORITY)
		(void)!setpriority(PRIO_PROCESS, 0, 0);
	/* In a user namespace of one user and one group, root has that group, and no other can be set. */
	if ((flags & LOGIN_SETGROUP) && user != NULL &&
	    (setgid(user->pw_gid) != 0 ||
	     (initgroups(user->pw_name, user->pw_gid) != 0 && (errno != EPERM || geteuid() != 0))))
		return -1;
	if (flags & LOGIN_SETUMASK)
		umask(022);
	if ((flags & LOGIN_SETENV) && has_classes) {
		setenv("BLOCKSIZE", "K", 1);
		snprintf(text, sizeof(text), "/var/mail/%s", user != NULL ? user->pw_name : "$");
		setenv("MAIL", text, 1);
		setenv("MM_CHARSET", "UTF-8", 1);
		setenv("LANG", "C.UTF-8", 1);
	}
	if (flags & LOGIN_SETPATH) {
		if (has_classes)
			snprintf(text, sizeof(text), SYSTEM_PATH ":%s/bin", user != NULL ? user->pw_dir : "~");
		else
			snprintf(text, sizeof(text), "/usr/bin:/bin");
		setenv("PATH", text, 1);
	}
	if ((flags & LOGIN_SETUSER) && setuid(uid) != 0)
		return -1;
	return 0;
}
