import { ServiceError } from '@augur/core/errors'

const mostOfTenant = 8
const most = 32

/** How many uploads go on at a time: each holds a few MiB, and slow senders may take long. */
export class UploadPlaces {
  private readonly taken = new Map<string, number>()
  private total = 0

  /** @throws ServiceError `quota_exceeded` or `overloaded`, before anything of the body is read */
  async within<T>(tenant: string, upload: () => Promise<T>): Promise<T> {
    const own = this.taken.get(tenant) ?? 0
    if (own >= mostOfTenant)
      throw new ServiceError('quota_exceeded', `A tenant may upload ${mostOfTenant} files at a time.`, {
        ...soon,
        quota: { name: 'uploads', most: mostOfTenant },
      })
    if (this.total >= most) throw new ServiceError('overloaded', 'Too many files are being uploaded.', soon)
    this.change(tenant, 1)
    try {
      return await upload()
    } finally {
      this.change(tenant, -1)
    }
  }

  private change(tenant: string, by: number): void {
    const own = (this.taken.get(tenant) ?? 0) + by
    if (own === 0) this.taken.delete(tenant)
    else this.taken.set(tenant, own)
    this.total += by
  }
}

const soon = { retryAfterSeconds: 1 }
