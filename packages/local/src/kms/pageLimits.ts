/** How many items a page of a list holds; Cloud KMS allows up to 1000 and picks a default of its own. */
export const pageLimits = { defaultSize: 100, maximumSize: 1000 };
