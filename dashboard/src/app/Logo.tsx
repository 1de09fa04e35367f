/** The sun over a sea of clouds. */
export function Logo({ size }: { size: number }) {
  return <img src="/dashboard/favicon.svg" width={size} height={size} alt="" />;
}
