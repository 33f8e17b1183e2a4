import Uppy from '@uppy/core';
import AwsS3 from '@uppy/aws-s3';

const chunk = Number(new URLSearchParams(location.search).get('part'));

async function sign(body) {
  const answer = await fetch('/v1/sign', { method: 'POST', body: JSON.stringify(body) });
  return answer.json();
}

window.send = async (file) => {
  const uppy = new Uppy();
  uppy.use(AwsS3, {
    shouldUseMultipart: true,
    ...(chunk ? { getChunkSize: () => chunk } : {}),
    createMultipartUpload: async () => {
      await sign({});
      return { uploadId: 'u', key: 'k' };
    },
    signPart: (_file, { partNumber }) => sign({ partNumber }),
    listParts: async () => [],
    abortMultipartUpload: async () => {},
    completeMultipartUpload: async () => {
      await sign({});
      return {};
    },
  });
  uppy.addFile({ name: file.name, type: file.type, data: file });
  const { failed } = await uppy.upload();
  if (failed.length > 0) throw new Error('failed');
};
