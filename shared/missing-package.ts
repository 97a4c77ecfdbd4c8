/** Whether an `import()` failed because a package is not installed, as some are left out of an image on purpose. */
export function isPackageMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
}
