// What the gateway's image runs: the gateway, or with the argument `migrate` the migrations of its database.
if (process.argv[2] === "migrate") await import("./migrate.ts");
else await import("./main.ts");
