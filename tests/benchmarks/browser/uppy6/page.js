import { Uppy } from '@uppy/core';
import AwsS3 from '@uppy/aws-s3';

const chunk = Number(new URLSearchParams(location.search).get('part'));

window.send = async (file) => {
  const uppy = new Uppy();
  uppy.use(AwsS3, {
    shouldUseMultipart: true,
    ...(chunk ? { getChunkSize: () => chunk } : {}),
    signRequest: async ({ partNumber, uploadId }) => {
      const body = JSON.stringify({ partNumber: partNumber ?? (uploadId ? 'complete' : 0) });
      return (await fetch('/v1/sign', { method: 'POST', body })).json();
    },
  });
  uppy.addFile({ name: file.name, type: file.type, data: file });
  const { failed } = await uppy.upload();
  if (failed.length > 0) throw new Error('failed');
};
