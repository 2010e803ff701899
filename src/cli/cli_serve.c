/* serve and config: the commands around running the server. The demo is in cli_demo.c. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/random.h"
#include "master/certificates.h"
#include "cli/cli.h"
#include "cli/cli_account.h"
#include "config/services.h"
#include "master/master.h"
#include "master/roles.h"

int cli_serve(struct cli *cli)
{
	if (!cli_words(cli, 0, 0))
		return EXIT_USAGE;
	int status = cli_settings(cli);
	if (status)
		return status;
	struct master_options options = {.config = cli->config, .settings = &cli->settings};
	return master_run(&options);
}

static int check_config(struct cli *cli)
{
	struct certificates certificates;
	struct buf problem;
	int status = cli_settings(cli);
	if (status)
		return status;
	buf_init(&problem, 4096);
	if (certificates_read(&certificates, &cli->settings, 0, &problem) == 0) {
		certificates_done(&certificates);
		printf("%s: good\n", cli->config);
	} else {
		fprintf(stderr, "postrider: %s\n", buf_string(&problem));
		status = EXIT_SETTINGS;
	}
	buf_done(&problem);
	return status;
}

/* For scripts: the users postrider-ROLE are made from it. */
static void list_roles(struct buf *out)
{
	for (size_t i = 0; i < roles_count; i++)
		buf_printf(out, "%s\n", roles[i].name);
}

/* "pop3s 995 pop3": its name, its usual port, the role that serves it. The setting NAME_listen has its
 * addresses. */
static void list_services(struct buf *out)
{
	for (enum service service = 0; service < SERVICES; service++) {
		const struct service_row *row = service_row(service);
		if (row->socket == NULL)
			buf_printf(out, "%s %u %s\n", row->name, row->port, row->role);
	}
}

int cli_config(struct cli *cli)
{
	struct buf out;
	if (!cli_words(cli, 1, 1))
		return EXIT_USAGE;
	if (strcmp(cli->argv[0], "check") == 0)
		return check_config(cli);
	buf_init(&out, 1 << 20);
	if (strcmp(cli->argv[0], "example") == 0)
		settings_example(&out);
	else if (strcmp(cli->argv[0], "manual") == 0)
		settings_manual(&out);
	else if (strcmp(cli->argv[0], "roles") == 0)
		list_roles(&out);
	else if (strcmp(cli->argv[0], "services") == 0)
		list_services(&out);
	else
		return cli_usage(cli, "expected check, example, manual, roles or services");
	fputs(buf_string(&out), stdout);
	buf_done(&out);
	return 0;
}
