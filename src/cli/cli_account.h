/* What demo and account share. */
#ifndef CLI_CLI_ACCOUNT_H
#define CLI_CLI_ACCOUNT_H

#include "cli/cli.h"

/* A password that nobody guesses and everybody can type: 20 letters and digits in groups (100 bits), with a
 * NUL. */
enum { CLI_GENERATED_SIZE = 25 };
void cli_generate_password(char out[CLI_GENERATED_SIZE]);

/* 0, or an exit code with the reason printed, when attackers would try this password early. */
int cli_refuse_weak(struct view password, const char *address);

/* Adds an account with this password. An exit code; the reason has been printed. */
int cli_account_create(
    struct directory_client *client, const char *address, struct view password, uint64_t quota, bool scram);

/* The same with a hash of another server (trust/login/foreign_hash.h), which was read before. */
int cli_account_create_hashed(
    struct directory_client *client, const char *address, struct view hash, uint64_t quota);

/* Gives an account that exists a new main password. */
int cli_account_reset_password(struct directory_client *client, const char *address, struct view password);

#endif
