/* doctor: the machine under the server: clock, disk, limits, files and their owners, users, backups. */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <time.h>

#include "base/clock.h"
#include "cli/doctor.h"
#include "format/plain.h"
#include "master/roles.h"

enum {
	PATH_SIZE = 1024,
	SPARE_PERCENT = 10, /* of the disk, or of its inodes: below that a person should look */
	BACKUP_DAYS = 2,    /* a nightly backup that failed once, and once more */
	SPARE_FILES = 100   /* what a process opens besides its connections */
};

/* ---- clock ---- */

static void check_clock(struct doctor *d)
{
	struct timex clock = {.modes = 0};
	if (clock_is_simulated()) {
		doctor_tell(d, DOCTOR_WARNING, "clock", "the clock is simulated", "times in mail are wrong",
		    "unset POSTRIDER_CLOCK: it is for tests");
		return;
	}
	int state = adjtimex(&clock);
	if (state < 0)
		doctor_tell(d, DOCTOR_NOTE, "clock", "cannot see whether it is synchronised", NULL, NULL);
	else if (state == TIME_ERROR || clock.status & STA_UNSYNC)
		doctor_tell(d, DOCTOR_WARNING, "clock", "nothing keeps it synchronised",
		    "when it is minutes wrong, certificates, signatures, codes of two-step login and dates "
		    "of mail are",
		    "timedatectl set-ntp true (install systemd-timesyncd or chrony)");
	else
		doctor_tell(d, DOCTOR_OK, "clock", "it is synchronised", NULL, NULL);
}

/* ---- disk ---- */

static void check_disk(struct doctor *d, const char *folder)
{
	struct statvfs fs;
	struct buf text;
	if (statvfs(folder, &fs) != 0 || fs.f_blocks == 0)
		return;
	uint64_t available = (uint64_t)fs.f_bavail * fs.f_frsize;
	buf_init(&text, 400);
	plain_size(&text, available);
	buf_printf(&text, " are free (%llu %%)", (unsigned long long)(100 * fs.f_bavail / fs.f_blocks));
	if (available < d->settings->disk_reserve)
		doctor_tell(d, DOCTOR_ERROR, "disk", buf_string(&text),
		    "new mail is refused for now (setting disk_reserve)",
		    "make room: `postrider store compact`, remove other files, or enlarge the disk");
	else if (available < 2 * d->settings->disk_reserve || 100 * fs.f_bavail / fs.f_blocks < SPARE_PERCENT)
		doctor_tell(d, DOCTOR_WARNING, "disk", buf_string(&text),
		    "soon new mail is refused (setting disk_reserve)",
		    "make room: `postrider store compact`, remove other files, or enlarge the disk");
	else
		doctor_tell(d, DOCTOR_OK, "disk", buf_string(&text), NULL, NULL);
	if (fs.f_files > 0 && 100 * (uint64_t)fs.f_favail / fs.f_files < SPARE_PERCENT)
		doctor_tell(d, DOCTOR_WARNING, "disk", "few inodes are left",
		    "soon no file can be made, and new mail is refused",
		    "remove small files: `df -i` shows the disk");
	buf_done(&text);
}

/* ---- limits ---- */

static uint64_t files_of(pid_t pid)
{
	char path[64], line[200];
	unsigned long long soft = 0;
	snprintf(path, sizeof path, "/proc/%ld/limits", (long)pid);
	FILE *f = fopen(path, "re");
	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "Max open files %llu", &soft) == 1)
			break;
	if (f)
		fclose(f);
	return soft;
}

static void check_limits(struct doctor *d)
{
	char what[200];
	uint64_t files = d->master ? files_of(d->master) : 0;
	if (files == 0)
		return;
	snprintf(what, sizeof what, "a process may open %llu files", (unsigned long long)files);
	if (files < d->settings->connections_max + SPARE_FILES)
		doctor_tell(d, DOCTOR_WARNING, "limits", what,
		    "fewer connections than connections_max are served; the others are refused",
		    "set LimitNOFILE=65536 in the unit (systemctl edit postrider), or lower connections_max");
	else
		doctor_tell(d, DOCTOR_OK, "limits", what, NULL, NULL);
}

/* ---- files and users ---- */

static void check_modes(struct doctor *d, const char *folder)
{
	struct stat st;
	char what[PATH_SIZE + 100], mend[PATH_SIZE + 100];
	if (stat(d->cli->config, &st) == 0 && st.st_mode & (S_IWGRP | S_IWOTH)) {
		snprintf(what, sizeof what, "others than its owner may write to %s", d->cli->config);
		snprintf(mend, sizeof mend, "chmod go-w %s", d->cli->config);
		doctor_tell(d, DOCTOR_ERROR, "files", what, "they can take over the server", mend);
	}
	if (stat(folder, &st) != 0) {
		snprintf(what, sizeof what, "cannot look at %s: %s", folder, strerror(errno));
		doctor_tell(d, errno == EACCES ? DOCTOR_NOTE : DOCTOR_WARNING, "files", what, NULL,
		    errno == EACCES ? "run `postrider doctor` as root" : "check the setting data");
		return;
	}
	snprintf(what, sizeof what, "others than its owner may look into %s", folder);
	snprintf(mend, sizeof mend, "chmod 700 %s", folder);
	if (st.st_mode & 077)
		doctor_tell(d, DOCTOR_ERROR, "files", what, "they can read mail, or spoil it", mend);
	else
		doctor_tell(
		    d, DOCTOR_OK, "files", "only its owner can look into the data folder", NULL, NULL);
}

/* Started as root, each role runs as a user of its own. */
static void check_users(struct doctor *d)
{
	struct stat st;
	char proc[64], name[64];
	struct buf missing;
	snprintf(proc, sizeof proc, "/proc/%ld", (long)d->master);
	if (d->master == 0 || stat(proc, &st) != 0 || st.st_uid != 0)
		return;
	buf_init(&missing, 4096);
	for (size_t i = 0; i < roles_count; i++) {
		snprintf(name, sizeof name, "postrider-%s", roles[i].name);
		if (getpwnam(name) == NULL)
			buf_printf(&missing, "%s%s", buf_view(&missing).len ? " " : "", name);
	}
	if (buf_view(&missing).len) {
		struct buf what;
		buf_init(&what, 8192);
		buf_printf(&what, "these system users do not exist: %s", buf_string(&missing));
		doctor_tell(d, DOCTOR_NOTE, "users", buf_string(&what),
		    "the processes run under fixed numbers, which another program may use as well",
		    "make them: useradd --system --user-group --no-create-home NAME, then restart the "
		    "server");
		buf_done(&what);
	} else {
		doctor_tell(d, DOCTOR_OK, "users", "each role has a system user of its own", NULL, NULL);
	}
	buf_done(&missing);
}

/* ---- backups ---- */

static void check_backup(struct doctor *d)
{
	struct stat st;
	char path[PATH_SIZE], what[PATH_SIZE + 100];
	static const char mend[] =
	    "make backups of the data folder, and touch the file in backup_mark when one is done";
	snprintf(path, sizeof path, "%.*s", VIEW_FMT(d->settings->backup_mark));
	if (path[0] == '\0') {
		doctor_tell(d, DOCTOR_NOTE, "backup",
		    "nothing says when the last one was made (setting backup_mark is empty)",
		    "nobody is told when backups have stopped", mend);
		return;
	}
	if (stat(path, &st) != 0) {
		snprintf(what, sizeof what, "%s: %s", path, strerror(errno));
		doctor_tell(d, DOCTOR_WARNING, "backup", what, "perhaps there is no backup", mend);
		return;
	}
	int64_t hours = (clock_wall() - (int64_t)st.st_mtime) / 3600;
	snprintf(what, sizeof what, "the last one was made %lld hours ago", (long long)hours);
	if (hours > 24 * BACKUP_DAYS)
		doctor_tell(d, DOCTOR_ERROR, "backup", what,
		    "with the disk all mail since then would be lost", "see why the backups have stopped");
	else
		doctor_tell(d, DOCTOR_OK, "backup", what, NULL, NULL);
}

void doctor_machine(struct doctor *d)
{
	char folder[PATH_SIZE];
	snprintf(folder, sizeof folder, "%.*s", VIEW_FMT(d->settings->data));
	check_clock(d);
	check_disk(d, folder);
	check_limits(d);
	check_modes(d, folder);
	check_users(d);
	check_backup(d);
}
